package wire

// CloseReason is why a connection ends: a code that tells the client whether
// to return, and a word for its log.
type CloseReason struct {
	Code int
	Word string
	Doc  string
}

// Codes 4000 to 4099 say do not return, 4100 to 4199 return after a pause,
// 4200 to 4299 return at once and resume.
var (
	CloseFailure   = CloseReason{4000, "failure", "The server failed in a way that a retry will not mend."}
	CloseSignedOut = CloseReason{4001, "signed_out", "Not signed in, expired or revoked."}
	CloseNoAccess  = CloseReason{4003, "no_access", "Not allowed here."}
	CloseProtocol  = CloseReason{4002, "protocol", "The client does not speak the protocol."}
	CloseReplaced  = CloseReason{4009, "replaced", "Too many connections of this person; this was the oldest."}
	CloseRate      = CloseReason{4100, "rate", "Kept sending too fast."}
	CloseBusy      = CloseReason{4101, "busy", "The server takes no more connections now."}
	CloseSlow      = CloseReason{4200, "slow", "Fell behind; come back and resume."}
	CloseDrain     = CloseReason{4201, "drain", "The server goes down in good order."}
	CloseMoved     = CloseReason{4202, "moved", "The room moved to another server."}
	CloseRenewed   = CloseReason{4203, "renewed", "Signed in anew; come back with the new session."}
	CloseReasons   = []CloseReason{CloseFailure, CloseSignedOut, CloseProtocol, CloseNoAccess, CloseReplaced, CloseRate, CloseBusy, CloseSlow, CloseDrain, CloseMoved, CloseRenewed}
)
