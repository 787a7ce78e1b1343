package party

import (
	"context"
	"slices"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Items gives the queue in order.
func (s *Service) Items(ctx context.Context, who account.Identity, ref Ref) (Card, []Item, error) {
	c, err := s.may(ctx, who, ref, access.QueueRead)
	if err != nil {
		return c, nil, err
	}
	items, err := s.Store.Items(ctx, c.ID)
	return c, items, err
}

// queue is one change of a queue by a member who may make it.
func (s *Service) queue(ctx context.Context, who account.Identity, ref Ref, fn func(tx Tx, c Card, items []Item) error) error {
	return s.change(ctx, who, ref, access.QueueWrite, func(tx Tx, c Card, _ time.Time) (Changed, error) {
		if c.Over() {
			return Changed{}, ErrOver
		}
		items, err := tx.ItemsOf(c.ID)
		if err != nil {
			return Changed{}, err
		}
		return Changed{What: []string{"queue"}}, fn(tx, c, items)
	})
}

// Enqueue adds a film at the end of the queue. The first one is what plays.
func (s *Service) Enqueue(ctx context.Context, who account.Identity, ref Ref, choice Choice) (Item, error) {
	// Who may not add must not make us look at addresses.
	if _, err := s.may(ctx, who, ref, access.QueueWrite); err != nil {
		return Item{}, err
	}
	f, err := s.film(ctx, who.User, choice)
	if err != nil {
		return Item{}, err
	}
	var out Item
	err = s.queue(ctx, who, ref, func(tx Tx, c Card, items []Item) error {
		if len(items) >= MaxItems {
			return ErrQueueFull
		}
		out = f.item(c.ID, who.User, len(items))
		if err := tx.AddItem(out); err != nil || c.Current != "" {
			return err
		}
		return tx.SetCurrent(c.ID, out.ID)
	})
	return out, err
}

// EditItem gives an item another title, another place, or both.
func (s *Service) EditItem(ctx context.Context, who account.Identity, ref Ref, item id.Item, title *string, position *int) (Item, error) {
	var out Item
	err := s.queue(ctx, who, ref, func(tx Tx, c Card, items []Item) error {
		i := slices.IndexFunc(items, func(x Item) bool { return x.ID == item })
		if i < 0 {
			return fault.ErrNotFound
		}
		out = items[i]
		if title != nil {
			out.Title = tidy(*title)
			if err := text("title", out.Title, MaxItemTitle); err != nil {
				return err
			}
			if out.Title == "" {
				return fault.ErrInvalid.At("title", "Give the film a title.")
			}
			if err := tx.SetTitle(c.ID, item, out.Title); err != nil {
				return err
			}
		}
		if position == nil {
			return nil
		}
		if *position < 0 {
			return fault.ErrInvalid.At("position", "From 0.")
		}
		order := moved(orderOf(items), item, *position)
		out.Position = slices.Index(order, item)
		return tx.Reorder(c.ID, order)
	})
	return out, err
}

// PlayNext puts an item right behind the current one.
func (s *Service) PlayNext(ctx context.Context, who account.Identity, ref Ref, item id.Item) ([]Item, error) {
	err := s.queue(ctx, who, ref, func(tx Tx, c Card, items []Item) error {
		order := orderOf(items)
		if !slices.Contains(order, item) {
			return fault.ErrNotFound
		}
		return tx.Reorder(c.ID, behind(order, item, c.Current))
	})
	if err != nil {
		return nil, err
	}
	_, items, err := s.Items(ctx, who, ref)
	return items, err
}

// RemoveItem takes an item out. When it was the current one, the next one is.
func (s *Service) RemoveItem(ctx context.Context, who account.Identity, ref Ref, item id.Item) error {
	return s.queue(ctx, who, ref, func(tx Tx, c Card, items []Item) error {
		order := orderOf(items)
		if err := tx.RemoveItem(c.ID, item); err != nil {
			return err
		}
		if next := currentWithout(order, item, c.Current); next != c.Current {
			if err := tx.SetCurrent(c.ID, next); err != nil {
				return err
			}
		}
		return tx.Reorder(c.ID, without(order, item))
	})
}
