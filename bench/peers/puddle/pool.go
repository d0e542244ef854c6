// SPDX-License-Identifier: BSD-2-Clause

// The pool and the driver under it, whose connections do nothing.
package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/puddle"
)

var (
	errDown    = errors.New("the database is down")
	errTimeout = errors.New("opening took longer than open_timeout_ns")
)

type driver struct {
	openNs        int64
	openTimeoutNs int64
	down          atomic.Bool
	opened        atomic.Int64 // connections that are open
	opens         atomic.Int64
	openFailures  atomic.Int64
	shared        atomic.Int64 // uses that found another owner
}

type conn struct {
	driver *driver
	users  atomic.Int32
}

func (d *driver) open(context.Context) (interface{}, error) {
	if err := d.connect(); err != nil {
		d.openFailures.Add(1)
		return nil, err
	}
	d.opens.Add(1)
	d.opened.Add(1)
	return &conn{driver: d}, nil
}

func (d *driver) connect() error {
	if d.down.Load() {
		return errDown
	}
	if d.openNs > d.openTimeoutNs {
		sleep(d.openTimeoutNs)
		return errTimeout
	}
	if d.openNs > 0 {
		sleep(d.openNs)
	}
	return nil
}

func (d *driver) close(interface{}) { d.opened.Add(-1) }

// Use the connection as long as hold takes; false if the database is down by
// then.
func (c *conn) use(hold func()) bool {
	if c.users.Add(1) != 1 {
		c.driver.shared.Add(1)
	}
	hold()
	c.users.Add(-1)
	return !c.driver.down.Load()
}

type pool struct {
	*puddle.Pool
	driver         *driver
	acquireTimeout int64
}

func openPool(o *order) (*pool, error) {
	d := &driver{openNs: o.OpenNs, openTimeoutNs: o.OpenTimeoutNs}
	p := &pool{puddle.NewPool(d.open, d.close, o.ConnsMax), d, o.AcquireTimeoutNs}
	for i := int32(0); i < o.ConnsMin; i++ {
		if err := p.CreateResource(context.Background()); err != nil {
			p.Close()
			return nil, err
		}
	}
	return p, nil
}

// What a caller is doing.
const (
	stateIdle = iota
	stateWaiting
	stateHolding
)

/*
A caller is a goroutine: that is what puddle's users have in place of threads.

Its counters are plain words on cache lines of their own. They are read by other
goroutines meanwhile, and an aligned word is never torn; a store of sync/atomic
would be a locked instruction in every round.
*/
type caller struct {
	_        [64]byte
	ops      uint64
	timeouts uint64
	failures uint64
	state    uint64
	_        [64]byte
	ctx      context.Context
	cancel   atomic.Pointer[context.CancelFunc]
	random   random
	waits    *histogram
	pool     *pool
	hold     []holdPart
}

func newCallers(l *load, seed uint64) []*caller {
	callers := make([]*caller, l.threads)
	for i := range callers {
		callers[i] = &caller{pool: l.pool, hold: l.hold, random: newRandom(seed, uint64(i))}
		callers[i].renewContext()
	}
	return callers
}

func (c *caller) renewContext() {
	ctx, cancel := context.WithCancel(context.Background())
	c.ctx = ctx
	c.cancel.Store(&cancel)
}

func (c *caller) acquire() (*puddle.Resource, error) {
	c.state = stateWaiting
	res, err := c.pool.Acquire(c.ctx)
	if err == nil {
		c.state = stateHolding
		return res, nil
	}
	c.state = stateIdle
	if c.ctx.Err() != nil {
		c.timeouts++
		c.renewContext()
	} else {
		c.failures++
	}
	return nil, err
}

/*
Puddle's timeout is the context's, which its users get from whoever called them.
A new one with a timer for each acquire would cost more than the acquire, so a
caller keeps its own until it is cancelled: by this watch, for who has been in
one acquire for longer than the timeout.
*/
func watchTimeouts(callers []*caller, timeoutNs int64, stop <-chan struct{}) {
	type view struct{ rounds, since uint64 }
	seen := make([]view, len(callers))
	period := time.Duration(timeoutNs / 16)
	if period < time.Millisecond {
		period = time.Millisecond
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		t := uint64(now())
		for i, c := range callers {
			rounds := atomic.LoadUint64(&c.ops) + atomic.LoadUint64(&c.timeouts) +
				atomic.LoadUint64(&c.failures)
			if atomic.LoadUint64(&c.state) != stateWaiting || seen[i].since == 0 ||
				rounds != seen[i].rounds {
				seen[i] = view{rounds, t}
			} else if t-seen[i].since >= uint64(timeoutNs) {
				(*c.cancel.Load())()
			}
		}
	}
}
