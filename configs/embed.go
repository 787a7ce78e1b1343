// Package configs holds the settings that come with the program. The other
// files of this folder are for those who run it.
package configs

import _ "embed"

// Default is a file of settings with every key, its meaning, and the value it
// has when nobody sets it.
//
//go:embed default.yaml
var Default []byte
