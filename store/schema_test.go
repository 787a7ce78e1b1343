package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/testenv"
	"watchparty/store"
)

// table is what both engines must agree on.
type table struct {
	Columns map[string]string // name to family of type, with null where it may be
	Unique  []string          // columns of each unique index, sorted
	Foreign []string          // column -> table.column, with what deleting does
}

// opened gives a store without a schema, and its database.
func opened(t *testing.T, driver, dsn string) (*store.Store, *sql.DB) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DSN: dsn})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	db, err := sql.Open(driver, dsn)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return s, db
}

func sqliteFile(t *testing.T) (*store.Store, *sql.DB) {
	t.Helper()
	return opened(t, "sqlite", filepath.Join(t.TempDir(), "schema.db"))
}

func postgresDB(t *testing.T) (*store.Store, *sql.DB) {
	t.Helper()
	return opened(t, "pgx", testenv.Postgres(t))
}

func TestBothEnginesHaveOneSchema(t *testing.T) {
	t.Parallel()
	lite, liteDB := sqliteFile(t)
	pg, pgDB := postgresDB(t)
	for _, s := range []*store.Store{lite, pg} {
		n, err := s.Migrate(t.Context())
		must(t, err)
		if n == 0 {
			t.Fatal("nothing was migrated")
		}
	}
	a, b := sqliteSchema(t, liteDB), postgresSchema(t, pgDB)
	if len(a) < 5 {
		t.Fatalf("only %d tables were found", len(a))
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("SQLite (-) and Postgres (+) differ:\n%s", diff)
	}
}

func TestMigrationsGoUpDownAndUpAgain(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) (*store.Store, *sql.DB){"sqlite": sqliteFile, "postgres": postgresDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db := open(t)
			schema := sqliteSchema
			if s.Postgres() {
				schema = postgresSchema
			}
			n, err := s.Migrate(t.Context())
			must(t, err)
			before := schema(t, db)
			for range n {
				must(t, s.Rollback(t.Context()))
			}
			if left := schema(t, db); len(left) != 0 {
				t.Errorf("after going down: %v", left)
			}
			again, err := s.Migrate(t.Context())
			must(t, err)
			if again != n {
				t.Errorf("%d steps, then %d", n, again)
			}
			if diff := cmp.Diff(before, schema(t, db)); diff != "" {
				t.Error(diff)
			}
			have, want, err := s.Versions(t.Context())
			must(t, err)
			if have != want {
				t.Errorf("version %d of %d", have, want)
			}
		})
	}
}

func TestTheTwoFoldersHaveTheSameSteps(t *testing.T) {
	t.Parallel()
	var names [2][]string
	for i, dir := range []string{"sqlite", "postgres"} {
		all, err := os.ReadDir(filepath.Join("migrations", dir))
		must(t, err)
		for _, f := range all {
			names[i] = append(names[i], f.Name())
		}
	}
	if diff := cmp.Diff(names[0], names[1]); diff != "" {
		t.Error(diff)
	}
}

// family brings the engines' names of types together.
func family(t *testing.T, name string, nullable bool) string {
	t.Helper()
	kinds := map[string]string{
		"text": "text", "uuid": "text", "character varying": "text", "bigint": "big", "integer": "int",
		"smallint": "int", "boolean": "bool", "double precision": "real", "real": "real", "blob": "bytes", "bytea": "bytes",
	}
	kind, ok := kinds[strings.ToLower(name)]
	if !ok {
		t.Errorf("the type %s has no counterpart; add it here if it has", name)
	}
	if nullable {
		kind += " null"
	}
	return kind
}

// rows runs a query whose columns are all text.
func rows(t *testing.T, db *sql.DB, columns int, query string, args ...any) [][]string {
	t.Helper()
	found, err := db.QueryContext(context.WithoutCancel(t.Context()), query, args...)
	must(t, err)
	defer func() { must(t, found.Close()) }()
	var out [][]string
	for found.Next() {
		row := make([]string, columns)
		into := make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		must(t, found.Scan(into...))
		out = append(out, row)
	}
	must(t, found.Err())
	return out
}

func sqliteSchema(t *testing.T, db *sql.DB) map[string]table {
	t.Helper()
	all := map[string]table{}
	for _, r := range rows(t, db, 1, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`) {
		name := r[0]
		x := table{Columns: map[string]string{}}
		for _, c := range rows(t, db, 4, `SELECT name, type, "notnull", pk FROM pragma_table_info(?)`, name) {
			x.Columns[c[0]] = family(t, c[1], c[2] == "0" && c[3] == "0")
		}
		for _, i := range rows(t, db, 2, `SELECT name, CASE WHEN partial THEN 'partial ' ELSE '' END FROM pragma_index_list(?) WHERE "unique"`, name) {
			var cols []string
			for _, c := range rows(t, db, 1, `SELECT COALESCE(name, 'expression') FROM pragma_index_info(?)`, i[0]) {
				cols = append(cols, c[0])
			}
			x.Unique = append(x.Unique, i[1]+strings.Join(cols, ","))
		}
		for _, f := range rows(t, db, 4, `SELECT "from", "table", COALESCE("to", 'id'), on_delete FROM pragma_foreign_key_list(?)`, name) {
			x.Foreign = append(x.Foreign, f[0]+" -> "+f[1]+"."+f[2]+" "+f[3])
		}
		all[name] = sorted(x)
	}
	return all
}

func postgresSchema(t *testing.T, db *sql.DB) map[string]table {
	t.Helper()
	all := map[string]table{}
	for _, c := range rows(t, db, 4, `SELECT c.table_name, c.column_name, c.data_type, c.is_nullable FROM information_schema.columns c
		WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'goose_%'`) {
		x, ok := all[c[0]]
		if !ok {
			x.Columns = map[string]string{}
		}
		x.Columns[c[1]] = family(t, c[2], c[3] == "YES")
		all[c[0]] = x
	}
	for _, i := range rows(t, db, 3, `SELECT t.relname, CASE WHEN x.indpred IS NULL THEN '' ELSE 'partial ' END,
			(SELECT string_agg(COALESCE(a.attname, 'expression'), ',' ORDER BY k.ord)
			 FROM unnest(x.indkey::int[]) WITH ORDINALITY k(att, ord)
			 LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.att AND k.att > 0)
		FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
		WHERE x.indisunique AND n.nspname = 'public' AND t.relname NOT LIKE 'goose_%'`) {
		x := all[i[0]]
		x.Unique = append(x.Unique, i[1]+i[2])
		all[i[0]] = x
	}
	for _, f := range rows(t, db, 5, `SELECT t.relname, a.attname, r.relname, b.attname,
			CASE c.confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END
		FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
		CROSS JOIN LATERAL unnest(c.conkey, c.confkey) k(mine, theirs)
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.mine
		JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = k.theirs
		WHERE c.contype = 'f'`) {
		x := all[f[0]]
		x.Foreign = append(x.Foreign, f[1]+" -> "+f[2]+"."+f[3]+" "+f[4])
		all[f[0]] = x
	}
	for name, x := range all {
		all[name] = sorted(x)
	}
	return all
}

// sorted brings the lists into one order. SQLite names the primary key among
// the unique indexes only where it is not the row's own number.
func sorted(x table) table {
	sort.Strings(x.Unique)
	x.Unique = slices.Compact(x.Unique)
	sort.Strings(x.Foreign)
	return x
}
