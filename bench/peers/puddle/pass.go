// SPDX-License-Identifier: BSD-2-Clause

// A pass: callers that run one loop at the same time. Their counters are read at
// two moments of a run that began before the first and ends after the second.
package main

import (
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Reading the counters takes microseconds. If it took longer, the reader was
// preempted in the middle and they are of different moments.
const (
	snapshotNsMax    = 100000
	snapshotTriesMax = 50
)

type snapshot struct {
	ns          int64
	ops         []uint64
	cpuS        float64
	ctxSwitches int64
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

func takeSnapshot(callers []*caller) snapshot {
	s := snapshot{ops: make([]uint64, len(callers))}
	for try := 0; try < snapshotTriesMax; try++ {
		s.ns = now()
		for i, c := range callers {
			s.ops[i] = atomic.LoadUint64(&c.ops)
		}
		if now()-s.ns <= snapshotNsMax {
			break
		}
	}
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		s.cpuS = seconds(usage.Utime) + seconds(usage.Stime)
		s.ctxSwitches = usage.Nvcsw + usage.Nivcsw
	}
	return s
}

// No clock in here: a reading costs as much as a lease.
func (c *caller) throughputLoop(stop *atomic.Bool) {
	for !stop.Load() {
		res, err := c.acquire()
		if err != nil {
			continue
		}
		runHold(c.hold, &c.random)
		res.Release()
		c.state = stateIdle
		c.ops++
	}
}

func (c *caller) waitLoop(stop, recording *atomic.Bool) {
	for !stop.Load() {
		start := now()
		res, err := c.acquire()
		// A timeout is a wait too, and not a short one.
		if waited := now() - start; recording.Load() {
			c.waits.record(waited)
		}
		if err != nil {
			continue
		}
		runHold(c.hold, &c.random)
		res.Release()
		c.state = stateIdle
		c.ops++
	}
}

func (s *session) pass(o *order) (interface{}, error) {
	if s.load == nil {
		return nil, errNoPool
	}
	if o.Seconds <= 0 || o.WarmS < 0 {
		return nil, errors.New("pass needs seconds above 0")
	}
	callers := newCallers(s.load, uint64(o.Seed))
	var stop, recording atomic.Bool
	var running sync.WaitGroup
	stopWatch := make(chan struct{})
	go watchTimeouts(callers, s.load.pool.acquireTimeout, stopWatch)
	for _, c := range callers {
		running.Add(1)
		if o.Timed {
			c.waits = &histogram{}
		}
		go func(c *caller) {
			defer running.Done()
			if o.Timed {
				c.waitLoop(&stop, &recording)
			} else {
				c.throughputLoop(&stop)
			}
		}(c)
	}
	time.Sleep(time.Duration(o.WarmS * 1e9))
	recording.Store(true)
	begin := takeSnapshot(callers)
	time.Sleep(time.Duration(o.Seconds * 1e9))
	end := takeSnapshot(callers)
	stop.Store(true)
	running.Wait()
	close(stopWatch)
	return passReply(o, callers, begin, end), nil
}

func passReply(o *order, callers []*caller, begin, end snapshot) reply {
	ops := make([]uint64, len(callers))
	timeouts, failures := uint64(0), uint64(0)
	waits := &histogram{}
	for i, c := range callers {
		ops[i] = end.ops[i] - begin.ops[i]
		timeouts += c.timeouts
		failures += c.failures
		if o.Timed {
			waits.merge(c.waits)
		}
	}
	answer := reply{
		"seconds": float64(end.ns-begin.ns) / 1e9, "ops": ops, "timeouts": timeouts,
		"failures": failures, "cpu_s": end.cpuS - begin.cpuS,
		"ctx_switches": end.ctxSwitches - begin.ctxSwitches,
	}
	if o.Timed {
		answer["waits"] = waits.pairs()
		answer["wait_max"] = waits.max
	}
	return answer
}
