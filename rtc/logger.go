package rtc

import "github.com/pion/logging"

// silent drops what the library says about strangers' packets: whoever sends
// nonsense would fill the log. What matters comes as errors and states.
type silent struct{}

func (silent) Trace(string)          {}
func (silent) Tracef(string, ...any) {}
func (silent) Debug(string)          {}
func (silent) Debugf(string, ...any) {}
func (silent) Info(string)           {}
func (silent) Infof(string, ...any)  {}
func (silent) Warn(string)           {}
func (silent) Warnf(string, ...any)  {}
func (silent) Error(string)          {}
func (silent) Errorf(string, ...any) {}

// NewLogger is of logging.LoggerFactory.
func (silent) NewLogger(string) logging.LeveledLogger { return silent{} }
