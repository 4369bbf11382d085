package refreshtest

import (
	"context"
	"errors"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

var errPower = errors.New("the power went out")

// faulty is an engine of whose statements in changes one fails.
type faulty struct {
	store.Engine
	left   int  // statements until it fails
	passes bool // the failure: the work is run again
}

func (f *faulty) Write(ctx context.Context, work func(context.Context, store.Tx) error) error {
	err := f.Engine.Write(ctx, func(ctx context.Context, tx store.Tx) error { return work(ctx, faultyTx{tx, f}) })
	if f.passes && errors.Is(err, errPower) {
		return f.Engine.Write(ctx, work)
	}
	return err
}

type faultyTx struct {
	store.Tx
	engine *faulty
}

func (t faultyTx) fails() bool {
	t.engine.left--
	return t.engine.left == 0
}

func (t faultyTx) Exec(ctx context.Context, s statement.Statement) (int64, error) {
	if t.fails() {
		return 0, errPower
	}
	return t.Tx.Exec(ctx, s)
}

func (t faultyTx) Query(ctx context.Context, s statement.Statement, each func(store.Scan) error) error {
	if t.fails() {
		return errPower
	}
	return t.Tx.Query(ctx, s, each)
}
