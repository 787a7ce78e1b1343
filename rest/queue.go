package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

type queueService interface {
	Items(ctx context.Context, who account.Identity, ref party.Ref) (party.Card, []party.Item, error)
	Enqueue(ctx context.Context, who account.Identity, ref party.Ref, choice party.Choice) (party.Item, error)
	EditItem(ctx context.Context, who account.Identity, ref party.Ref, item id.Item, title *string, position *int) (party.Item, error)
	PlayNext(ctx context.Context, who account.Identity, ref party.Ref, item id.Item) ([]party.Item, error)
	RemoveItem(ctx context.Context, who account.Identity, ref party.Ref, item id.Item) error
}

// filmBody says which film.
type filmBody struct {
	Kind    string `json:"kind" enum:"sample,url,hls,upload"`
	URL     string `json:"url,omitempty" maxLength:"2048" doc:"For url: an address on the web that anybody may fetch."`
	MediaID string `json:"media_id,omitempty" maxLength:"64" doc:"For upload: a complete upload of one's own."`
	Title   string `json:"title,omitempty" maxLength:"200" doc:"The film's own when left out."`
}

func (b *filmBody) choice() *party.Choice {
	if b == nil {
		return nil
	}
	return &party.Choice{Kind: party.Kind(b.Kind), URL: b.URL, Media: id.Media(b.MediaID), Title: b.Title}
}

type queueBody struct {
	Results []wire.Item `json:"results"`
	Current id.Item     `json:"current" doc:"What plays or comes first; empty when the queue is."`
}

type ItemName struct {
	PartyName
	Item string `path:"item" maxLength:"64"`
}

func (in ItemName) item() (party.Ref, id.Item, error) {
	ref, err := in.ref()
	if err != nil {
		return ref, "", err
	}
	item, err := id.Parse[id.Item](in.Item)
	return ref, item, err
}

// stateDone is what a command of playback answers.
type stateDone struct {
	Done
	State *wire.Playback `json:"state"`
}

// filmTime is how long looking at a film's address may take.
const filmTime = 30 * time.Second

func (p parties) queue() {
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/{id}/queue/", ID: "queue-get", Tag: "queue",
		Doc: "The queue in order.", Needs: access.QueueRead,
	}, func(ctx context.Context, in *PartyName) (*Answer[queueBody], error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		return p.queued(p.svc.Items(ctx, account.Maybe(ctx), ref))
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/queue/", ID: "queue-add", Tag: "queue", Status: http.StatusCreated,
		Doc: "Add a film at the end.", Needs: access.QueueWrite, PerIP: Rate{120, time.Minute}, Takes: filmTime,
	}, func(ctx context.Context, in *struct {
		PartyName
		Body filmBody
	},
	) (*Answer[wire.Item], error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		item, err := p.svc.Enqueue(ctx, account.Maybe(ctx), ref, *in.Body.choice())
		return itemAnswer(item, err)
	})
	op(p.API, Op{
		Method: http.MethodPatch, Path: "/api/parties/{id}/queue/{item}/", ID: "queue-edit", Tag: "queue",
		Doc: "Give an item another title or place.", Needs: access.QueueWrite,
	}, func(ctx context.Context, in *struct {
		ItemName
		Body struct {
			Title    *string `json:"title,omitempty" minLength:"1" maxLength:"200"`
			Position *int    `json:"position,omitempty" minimum:"0" maximum:"1000"`
		}
	},
	) (*Answer[wire.Item], error) {
		ref, item, err := in.item()
		if err != nil {
			return nil, err
		}
		out, err := p.svc.EditItem(ctx, account.Maybe(ctx), ref, item, in.Body.Title, in.Body.Position)
		return itemAnswer(out, err)
	})
	op(p.API, Op{
		Method: http.MethodDelete, Path: "/api/parties/{id}/queue/{item}/", ID: "queue-remove", Tag: "queue",
		Doc: "Take an item out.", Needs: access.QueueWrite,
	}, func(ctx context.Context, in *ItemName) (*None, error) {
		ref, item, err := in.item()
		if err != nil {
			return nil, err
		}
		return nil, p.svc.RemoveItem(ctx, account.Maybe(ctx), ref, item)
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/queue/{item}/next/", ID: "queue-next", Tag: "queue",
		Doc: "Put an item right behind the current one.", Needs: access.QueueWrite,
	}, func(ctx context.Context, in *ItemName) (*Answer[queueBody], error) {
		ref, item, err := in.item()
		if err != nil {
			return nil, err
		}
		who := account.Maybe(ctx)
		if _, err := p.svc.PlayNext(ctx, who, ref, item); err != nil {
			return nil, err
		}
		return p.queued(p.svc.Items(ctx, who, ref))
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/queue/{item}/play/", ID: "queue-play", Tag: "queue",
		Doc: "Put an item on now.", Needs: access.QueueWrite,
	}, func(ctx context.Context, in *ItemName) (*Answer[stateDone], error) {
		ref, item, err := in.item()
		if err != nil {
			return nil, err
		}
		return p.command(ctx, ref, wire.PlaybackItem.Name, wire.PlayItem{Item: item})
	})
}

func (p parties) queued(c party.Card, items []party.Item, err error) (*Answer[queueBody], error) {
	if err != nil {
		return nil, err
	}
	return answer(queueBody{wire.ItemsOf(items), c.Current}), nil
}

func itemAnswer(i party.Item, err error) (*Answer[wire.Item], error) {
	if err != nil {
		return nil, err
	}
	return answer(wire.ItemOf(i)), nil
}

type controlIn struct {
	PartyName
	Body struct {
		Action       string   `json:"action" enum:"play,pause,seek,rate"`
		Timestamp    *float64 `json:"timestamp,omitempty" minimum:"0" doc:"Seconds of film; seek needs it."`
		PlaybackRate *float64 `json:"playback_rate,omitempty" minimum:"0.25" maximum:"2" doc:"rate needs it."`
	}
}

// syncState is where the film is, in the words of clients that ask again and
// again instead of listening.
type syncState struct {
	IsPlaying        bool          `json:"is_playing"`
	CurrentTimestamp float64       `json:"current_timestamp" doc:"Seconds of film, now."`
	PlaybackRate     float64       `json:"playback_rate"`
	Playback         wire.Playback `json:"playback"`
}

func (p parties) control() {
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/control/", ID: "playback-control", Tag: "playback",
		Doc: "Play, pause, seek or change the speed for all.", Needs: access.PlaybackControl,
	}, func(ctx context.Context, in *controlIn) (*Answer[stateDone], error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		c, _, err := enter(ctx, p.svc, ref)
		if err != nil {
			return nil, err
		}
		now, err := p.live.Playback(ctx, c)
		if err != nil {
			return nil, err
		}
		at, base := in.Body.Timestamp, now.Vector.Seq
		switch {
		case in.Body.Action == "seek" && at == nil:
			return nil, fault.ErrInvalid.At("timestamp", "Say where to.")
		case in.Body.Action == "rate" && in.Body.PlaybackRate == nil:
			return nil, fault.ErrInvalid.At("playback_rate", "Say how fast.")
		case in.Body.Action == "seek":
			return p.command(ctx, ref, wire.PlaybackSeek.Name, wire.Seek{Base: base, Position: *at})
		case in.Body.Action == "rate":
			return p.command(ctx, ref, wire.PlaybackRate.Name, wire.SetRate{Base: base, Rate: *in.Body.PlaybackRate})
		case in.Body.Action == "play":
			return p.command(ctx, ref, wire.PlaybackPlay.Name, wire.Play{Base: base})
		}
		pause := wire.Pause{Base: base, Position: position(now.Vector, p.live.MS())}
		if at != nil {
			pause.Position = *at
		}
		return p.command(ctx, ref, wire.PlaybackPause.Name, pause)
	})
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/{id}/sync_state/", ID: "playback-get", Tag: "playback",
		Doc: "Where the film is.", Needs: access.QueueRead,
	}, func(ctx context.Context, in *PartyName) (*Answer[syncState], error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		c, _, err := enter(ctx, p.svc, ref)
		if err != nil {
			return nil, err
		}
		now, err := p.live.Playback(ctx, c)
		if err != nil {
			return nil, err
		}
		return answer(syncState{now.Vector.V > 0, position(now.Vector, p.live.MS()), now.Vector.Rate, now}), nil
	})
}

// position is the second of film at server time ms.
func position(v wire.Vector, ms float64) float64 { return v.P + v.V*max(0, ms-v.T)/1000 }

// command runs a command of playback in the room.
func (p parties) command(ctx context.Context, ref party.Ref, name string, data any) (*Answer[stateDone], error) {
	where, _, err := enter(ctx, p.svc, ref)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	res, err := p.live.Do(ctx, where, account.Maybe(ctx), wire.Command{Type: name, Data: body})
	if err != nil {
		return nil, err
	}
	return answer(stateDone{Done{true, "Done."}, res.Playback}), nil
}
