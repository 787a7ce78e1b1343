// Command wpload measures a server on this machine over the real protocols:
// it drives chat and reactions over sockets and checks order, loss and totals, and it plays the
// network between a browser and the server. Everything is bounded in count
// and time and goes to loopback only.
package main

import "github.com/alecthomas/kong"

func main() {
	var cli struct {
		Chat  chatCmd  `cmd:"" help:"Members of one party write and read; every line is checked."`
		React reactCmd `cmd:"" help:"Members of one party throw reactions; totals are checked, frames counted."`
		Delay delayCmd `cmd:"" help:"A TCP proxy that delays, with jitter."`
	}
	k := kong.Parse(&cli, kong.Name("wpload"), kong.UsageOnError())
	k.FatalIfErrorf(k.Run())
}
