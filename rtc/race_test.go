//go:build race

package rtc_test

// racing says that the race detector is on: it makes pools forget.
const racing = true
