package store

import (
	"context"
	"errors"
	"time"

	"github.com/larderhq/larder/internal/statement"
)

// Replicated is an [Engine] that also reads from copies of its database, which
// follow it by themselves. Only a Read whose context [MayLag] has marked may
// come from one.
type Replicated interface {
	// Position tells how far the history of the database has gone with the
	// newest change that this engine has made or refused, and for how long a
	// read has to say so to have that change in it for certain. "" when there
	// are no copies.
	Position() (position string, matters time.Duration)
	// Replicas are the copies as they are now, in the order in which they were
	// configured.
	Replicas() []Replica
}

// Replica is one copy of a database.
type Replica struct {
	InUse bool          // it is read from
	Lag   time.Duration // how far it is behind, as far as is known
}

// Newest is the position that only the database itself has reached.
const Newest = "newest"

type positionKey struct{}

// MayLag marks the context of a Read that may come from a copy of the database
// which has everything up to position, and everything that the engine itself
// has acknowledged. "" asks for no more than that; what is no position, for the
// database itself.
func MayLag(ctx context.Context, position string) context.Context {
	return context.WithValue(ctx, positionKey{}, position)
}

// LagAllowed is the position that [MayLag] has given to ctx, if it has.
func LagAllowed(ctx context.Context) (position string, allowed bool) {
	position, allowed = ctx.Value(positionKey{}).(string)
	return position, allowed
}

// Position is that of a [Replicated] engine, "" of another.
func (s *Store) Position() (position string, matters time.Duration) {
	if replicated, ok := s.engine.(Replicated); ok {
		return replicated.Position()
	}
	return "", 0
}

// Replicas are those of a [Replicated] engine, none of another.
func (s *Store) Replicas() []Replica {
	if replicated, ok := s.engine.(Replicated); ok {
		return replicated.Replicas()
	}
	return nil
}

// read runs the statement of a read. What takes its rows is begun anew for the
// database itself when a copy went away amid them.
func (s *Store) read(ctx context.Context, st statement.Statement, begin func() func(Scan) error) error {
	err := s.engine.Read(ctx, st, begin())
	if _, allowed := LagAllowed(ctx); allowed && errors.Is(err, ErrUnavailable) {
		return s.engine.Read(MayLag(ctx, Newest), st, begin())
	}
	return err
}
