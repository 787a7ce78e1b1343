package rest

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/fault"
)

// export serves the report's tables for a spreadsheet.
func (x analytics) export() {
	raw(x.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/parties/{party}/analytics/export/", ID: "party-analytics-export", Tag: "reports",
		Doc: "The report as CSV: who did what, or with of=minutes how each minute of each film was felt.", Needs: access.ReportRead,
	}, func(c echo.Context) error {
		of := c.QueryParam("of")
		if of != "" && of != "people" && of != "minutes" {
			return fault.ErrInvalid.At("of", "people or minutes")
		}
		a, err := x.report(c.Request().Context(), &actParty{Party: c.Param("party")})
		if err != nil {
			return err
		}
		name, rows := "people", peopleRows(a.Body.People)
		if of == "minutes" {
			name, rows = "minutes", minuteRows(a.Body.Films)
		}
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set(echo.HeaderContentDisposition, `attachment; filename="party-`+name+`.csv"`)
		h.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
		if err := csv.NewWriter(c.Response()).WriteAll(rows); err != nil {
			x.log.Debug("an export was broken off", "err", err)
		}
		return nil
	})
}

// peopleRows names the columns, then has one row a person.
func peopleRows(people []Sitting) [][]string {
	out := [][]string{{
		"user", "name", "watch_seconds", "reactions", "polls", "annotations", "voice_seconds", "share_seconds", "started_at", "ended_at",
	}}
	for _, s := range people {
		ended := ""
		if s.EndedAt != nil {
			ended = instant(*s.EndedAt)
		}
		out = append(out, []string{
			string(s.User.ID), cell(s.User.Name), seconds(s.Watched), strconv.Itoa(s.Reactions), strconv.Itoa(s.Polls),
			strconv.Itoa(s.Annotations), seconds(s.Talked), seconds(s.Shared), instant(s.StartedAt), ended,
		})
	}
	return out
}

// minuteRows names the columns, then has one row a minute of which anything is
// known, film by film.
func minuteRows(films []FilmReport) [][]string {
	out := [][]string{{"item", "film", "minute", "watching", "reactions", "chat"}}
	for _, f := range films {
		by := map[int]*[3]int{}
		for i, pairs := range [][][2]int{f.Retention, f.Reactions, f.Chat} {
			for _, p := range pairs {
				if by[p[0]] == nil {
					by[p[0]] = &[3]int{}
				}
				by[p[0]][i] += p[1]
			}
		}
		minutes := make([]int, 0, len(by))
		for m := range by {
			minutes = append(minutes, m)
		}
		slices.Sort(minutes)
		for _, m := range minutes {
			n := by[m]
			out = append(out, []string{
				string(f.ItemID), cell(f.Title), strconv.Itoa(m), strconv.Itoa(n[0]), strconv.Itoa(n[1]), strconv.Itoa(n[2]),
			})
		}
	}
	return out
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', 1, 64) }

func instant(t wire.Time) string { return time.Time(t).UTC().Format(time.RFC3339) }
