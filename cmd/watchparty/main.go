// Command watchparty is the server: serve, migrate, admin, doctor, backup.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"watchparty/internal/config"
	"watchparty/internal/obs"
)

// commands is the whole command line.
type commands struct {
	config.Config
	File kong.ConfigFlag `name:"config" help:"YAML file of settings." type:"existingfile" env:"WATCHPARTY_CONFIG"`

	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this version, or one step back."`
	Admin   struct {
		Create adminCreateCmd `cmd:"" help:"Make an account that runs the site."`
	} `cmd:"" help:"Administrators."`
	Doctor  doctorCmd  `cmd:"" help:"Look at database, Redis, mail, ports, folders and clock, and say what is wrong."`
	Backup  backupCmd  `cmd:"" help:"Copy the SQLite database, also while the server runs."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program with its surroundings given, so that tests run it whole.
func run(ctx context.Context, args, environ []string, out, errs io.Writer) int {
	if err := try(ctx, args, environ, out, errs); err != nil {
		fmt.Fprintln(errs, "watchparty:", err)
		return 1
	}
	return 0
}

// exited carries kong's wish to end, as after --help.
type exited int

func try(ctx context.Context, args, environ []string, out, errs io.Writer) (err error) {
	var cli commands
	defer func() {
		if code, ok := recover().(exited); ok && code != 0 {
			err = errors.New("see watchparty --help")
		}
	}()
	k, err := kong.New(&cli, kong.Name("watchparty"), kong.Description("Watch films together, on the same frame."),
		kong.Configuration(func(r io.Reader) (kong.Resolver, error) { return config.YAML(r) }),
		kong.Writers(out, errs), kong.UsageOnError(), kong.Exit(func(code int) { panic(exited(code)) }))
	if err != nil {
		return err
	}
	if err := config.UnknownEnv(environ, k); err != nil {
		return err
	}
	parsed, err := k.Parse(args)
	if err != nil {
		return err
	}
	if err := cli.Validate(); err != nil {
		return err
	}
	log := obs.Logger(errs, cli.LogFormat, cli.LogLevel)
	return parsed.Run(&stage{ctx: ctx, cfg: &cli.Config, out: out, log: log})
}

// stage is what every command gets.
type stage struct {
	ctx context.Context
	cfg *config.Config
	out io.Writer
	log *slog.Logger
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(s *stage) error {
	_, err := fmt.Fprintln(s.out, version())
	return err
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}
