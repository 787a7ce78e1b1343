package web

import (
	_ "embed"
	"time"
)

// The sample film: what it is called, and where the server shows it.
const (
	SampleTitle    = "First Light"
	SamplePath     = "/sample/first-light.mp4"
	SampleStill    = "/sample/first-light.jpg"
	SampleDuration = 96 * time.Second
)

// SampleFilm is the shipped film, an MP4.
//
//go:embed sample/first-light.mp4
var SampleFilm []byte

// SamplePoster is a still of the shipped film, a JPEG.
//
//go:embed sample/first-light.jpg
var SamplePoster []byte
