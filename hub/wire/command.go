package wire

import "encoding/json"

// Command is what a frame or a REST call asks of a room: the name of a frame
// that clients send, and its data. With an Op, the same again has no second
// effect.
type Command struct {
	Type string          `json:"type"`
	Op   string          `json:"op,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

// Result is what a command came to. Playback is set after commands of
// playback, Message after chat.send and chat.edit, Poll after those of polls,
// Voice after offers, Prepared and Voices after voice.prepare, Share after those of shares. Made
// says that there was nothing before.
type Result struct {
	Ack      Ack            `json:"ack"`
	Playback *Playback      `json:"playback,omitempty"`
	Message  *Message       `json:"message,omitempty"`
	Poll     *PollCard      `json:"poll,omitempty"`
	Voice    *VoiceAnswer   `json:"voice,omitempty"`
	Prepared *VoicePrepared `json:"prepared,omitempty"`
	Voices   *VoiceRoom     `json:"voices,omitempty"`
	Share    *Share         `json:"share,omitempty"`
	Made     bool           `json:"made,omitempty"`
}
