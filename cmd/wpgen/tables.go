package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/fault"
)

const generated = "Made by `make gen` from the Go tables; changes here are lost."

// unique keeps one fault for each code: several may share one deliberately.
func unique(faults []*fault.Fault) []*fault.Fault {
	return slices.CompactFunc(slices.Clone(faults), func(a, b *fault.Fault) bool { return a.Code == b.Code })
}

func errorTable(faults []*fault.Fault) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Errors\n\n%s\n\nREST answers them as `application/problem+json`, the socket in an `error` frame; both carry the code.\n\n", generated)
	b.WriteString("| code | status | title | sentence |\n| --- | --- | --- | --- |\n")
	for _, f := range unique(faults) {
		row := fault.RowOf(f.Kind)
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", f.Code, row.Status, row.Title, cell(f.Detail))
	}
	return b.Bytes()
}

func errorCodes(faults []*fault.Fault) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s\n\nexport type ErrorCode =", generated)
	for _, f := range unique(faults) {
		fmt.Fprintf(&b, "\n\t| '%s'", f.Code)
	}
	b.WriteString(";\n")
	return b.Bytes()
}

func permissionTable(rules []access.Rule) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Permissions\n\n%s\n\n", generated)
	b.WriteString("Each operation and each frame names one action. The site column is the lowest standing on the site, the party column the lowest role in the party. A party can raise a bar, never lower one.\n\n")
	roles := []access.Role{access.Viewer, access.Member, access.CoHost, access.Host}
	b.WriteString("| action | site |")
	for _, r := range roles {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString(" what it is |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rules {
		fmt.Fprintf(&b, "| `%s` | %s |", r.Action, r.Site)
		for _, role := range roles {
			switch {
			case r.Role == access.None:
				b.WriteString(" |")
			case role >= r.Role:
				b.WriteString(" yes |")
			default:
				b.WriteString(" no |")
			}
		}
		fmt.Fprintf(&b, " %s |\n", cell(r.Doc))
	}
	return b.Bytes()
}

func permissionMap(rules []access.Rule) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s\n\n", generated)
	b.WriteString("export const roles = ['none', 'guest', 'member', 'co-host', 'host'] as const;\nexport type Role = (typeof roles)[number];\n\n")
	b.WriteString("export const sites = ['anyone', 'guest', 'user', 'agent', 'admin'] as const;\nexport type Site = (typeof sites)[number];\n\n")
	b.WriteString("/** The lowest standing that each action needs. */\nexport const policy = {\n")
	for _, r := range rules {
		fmt.Fprintf(&b, "\t'%s': { site: '%s', role: '%s' },\n", r.Action, r.Site, r.Role)
	}
	b.WriteString("} as const satisfies Record<string, { site: Site; role: Role }>;\n\nexport type Action = keyof typeof policy;\n")
	return b.Bytes()
}

func frameTable(entries []wire.Entry) []byte {
	var b bytes.Buffer
	for _, part := range []struct {
		up          bool
		title, head string
	}{
		{true, "From the client", "| frame | needs | what it does |\n| --- | --- | --- |\n"},
		{false, "From the server", "| frame | class | what it says |\n| --- | --- | --- |\n"},
	} {
		fmt.Fprintf(&b, "\n### %s\n\n%s", part.title, part.head)
		for _, e := range entries {
			switch {
			case e.Up != part.up:
			case e.Up:
				fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", e.Name, e.Needs, cell(e.Doc))
			default:
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.Name, e.Class, cell(e.Doc))
			}
		}
	}
	b.WriteString("\n### Close codes\n\n| code | word | when |\n| --- | --- | --- |\n")
	for _, c := range wire.CloseReasons {
		fmt.Fprintf(&b, "| %d | `%s` | %s |\n", c.Code, c.Word, cell(c.Doc))
	}
	b.WriteString("\n")
	return b.Bytes()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
