package party

import "watchparty/internal/fault"

// The faults of parties. Whatever the caller may not see is fault.ErrNotFound.
var (
	ErrFull       = fault.New(fault.Conflict, "party.full", "Every seat of this party is taken.")
	ErrOver       = fault.New(fault.Conflict, "party.over", "This party is over.")
	ErrStarted    = fault.New(fault.Conflict, "party.started", "This party has started; its time cannot be set any more.")
	ErrLocked     = fault.New(fault.Conflict, "party.locked", "The host has locked this party; nobody new gets in.")
	ErrBanned     = fault.New(fault.Forbidden, "party.banned", "You are banned from this party.")
	ErrKicked     = fault.New(fault.Forbidden, "party.kicked", "You were sent out of this party; you may come back a little later.")
	ErrRejected   = fault.New(fault.Forbidden, "party.rejected", "The host did not let you in; you may knock again a little later.")
	ErrPending    = fault.New(fault.Forbidden, "party.pending", "You have knocked; the host has not let you in yet.")
	ErrNotMember  = fault.New(fault.Forbidden, "party.not_member", "Join the party first.")
	ErrBelowCount = fault.New(fault.Conflict, "party.capacity_below_count", "More people than that have a seat already.")
	ErrCodes      = fault.New(fault.Unavailable, "party.no_code", "No free room code was found; try again.")

	ErrRank      = fault.New(fault.Forbidden, "member.rank", "Only somebody who ranks above that person can do this.")
	ErrNotSeated = fault.New(fault.Conflict, "member.not_seated", "That person has no seat in the party.")

	ErrInviteUnknown = fault.New(fault.NotFound, "invite.unknown", "This invite link leads nowhere; ask for a new one.")
	ErrInviteExpired = fault.New(fault.Gone, "invite.expired", "This invite link has expired; ask for a new one.")
	ErrInviteRevoked = fault.New(fault.Gone, "invite.revoked", "This invite link was taken back; ask for a new one.")
	ErrInviteUsedUp  = fault.New(fault.Gone, "invite.used_up", "This invite link was used as often as it may be; ask for a new one.")
	ErrInvites       = fault.New(fault.Conflict, "invite.too_many", "This party has many invite links already; revoke one first.")

	ErrQueueFull = fault.New(fault.Conflict, "queue.full", "The queue is full; remove a film first.")
	ErrNoFilms   = fault.New(fault.Unavailable, "queue.no_films", "Films of this kind cannot be added on this server.")
)
