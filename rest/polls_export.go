package rest

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/poll"
)

// export serves what came out, as a file for a spreadsheet or a program.
func (p polls) export() {
	raw(p.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/polls/{poll}/export/", ID: "polls-export", Tag: "polls",
		Doc: "The results as CSV, or with format=json as JSON: who answered what, or the counts of an anonymous poll.", Needs: access.PollRead,
	}, func(c echo.Context) error {
		h, l, err := p.enterByPoll(c.Request().Context(), c.Param("poll"))
		if err != nil {
			return err
		}
		if !h.host {
			return fault.ErrForbidden
		}
		if !l.Over() {
			return poll.ErrState.Saying("Close the poll first; then its results can be taken away.")
		}
		rows := h.table(l)
		c.Response().Header().Set("X-Content-Type-Options", "nosniff")
		if c.QueryParam("format") == "json" {
			c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="poll.json"`)
			return c.JSON(http.StatusOK, map[string]any{"poll": h.show(l), "rows": rows})
		}
		c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="poll.csv"`)
		c.Response().Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8")
		w := csv.NewWriter(c.Response())
		if err := w.WriteAll(rows); err != nil {
			p.log.Debug("an export was broken off", "err", err)
		}
		return nil
	})
}

// table is what is exported; its first row names the columns.
func (h *hall) table(l *poll.Live) [][]string {
	if l.Anonymous && l.Kind != poll.Text {
		out := [][]string{{"answer", "count"}}
		for _, s := range slices.Sorted(maps.Keys(l.Counts)) {
			out = append(out, []string{cell(l.Label(s)), strconv.FormatInt(l.Counts[s], 10)})
		}
		return out
	}
	if l.Anonymous {
		out := [][]string{{"answer", "likes"}}
		for _, a := range l.Results(true).Answers {
			out = append(out, []string{cell(a.Text), strconv.Itoa(a.Likes)})
		}
		return out
	}
	out := [][]string{{"user", "name", "answer", "at"}}
	for _, u := range slices.Sorted(maps.Keys(l.Votes)) {
		v := l.Votes[u]
		at, _ := json.Marshal(wire.Time(v.At)) // a time always marshals
		out = append(out, []string{string(u), cell(h.people[u].Name), cell(l.Says(v)), strings.Trim(string(at), `"`)})
	}
	return out
}

// cell keeps a spreadsheet from taking somebody's text for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
