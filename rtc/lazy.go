package rtc

import (
	"sync"

	"github.com/pion/interceptor"
)

// lazy makes interceptors that begin to work when a picture comes. They wake up
// ten times a second, and most connections only ever carry voices.
type lazy struct{ interceptor.Factory }

// NewInterceptor is of interceptor.Factory.
func (l lazy) NewInterceptor(id string) (interceptor.Interceptor, error) {
	x, err := l.Factory.NewInterceptor(id)
	if err != nil {
		return nil, err
	}
	return &asleep{inner: x}, nil
}

type asleep struct {
	interceptor.NoOp
	inner interceptor.Interceptor

	mu sync.Mutex
	w  interceptor.RTCPWriter // nil once it is awake
}

// BindRTCPWriter is of interceptor.Interceptor.
func (a *asleep) BindRTCPWriter(w interceptor.RTCPWriter) interceptor.RTCPWriter {
	a.mu.Lock()
	a.w = w
	a.mu.Unlock()
	return w // the inner ones write, and leave what others write as it is
}

// BindRTCPReader is of interceptor.Interceptor.
func (a *asleep) BindRTCPReader(r interceptor.RTCPReader) interceptor.RTCPReader {
	return a.inner.BindRTCPReader(r)
}

// BindRemoteStream is of interceptor.Interceptor.
func (a *asleep) BindRemoteStream(info *interceptor.StreamInfo, r interceptor.RTPReader) interceptor.RTPReader {
	if len(info.RTCPFeedback) == 0 {
		return r // a voice
	}
	a.mu.Lock()
	if a.w != nil {
		a.inner.BindRTCPWriter(a.w)
		a.w = nil
	}
	a.mu.Unlock()
	return a.inner.BindRemoteStream(info, r)
}

// UnbindRemoteStream is of interceptor.Interceptor.
func (a *asleep) UnbindRemoteStream(info *interceptor.StreamInfo) { a.inner.UnbindRemoteStream(info) }

// Close is of interceptor.Interceptor.
func (a *asleep) Close() error { return a.inner.Close() }
