package account

// Reply is the answer to a call that a person made once and may repeat.
type Reply struct {
	Fingerprint string // of the call
	Status      int    // 0 while the call runs
	Body        string
}
