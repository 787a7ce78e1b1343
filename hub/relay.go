package hub
type relaySeat struct{}
func (*relaySeat) retire(){}
func (*relaySeat) frame(a arrival){}
func (*relaySeat) leave(bool){}
