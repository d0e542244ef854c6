// SPDX-License-Identifier: BSD-2-Clause

// A timeline: phases that follow each other without a break, each with an arrival
// of its own, and a sampler that looks at the pool meanwhile.
//
// An operation belongs to the phase in which it is due. A caller that is late
// serves what was due first, also in the next phases; what is not begun when the
// timeline ends is recorded as having waited until then, or an overload would
// hide its longest waits.
package main

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// All callers have started by then, or the first spike would measure that too.
const startDelayNs = 50000000

type phase struct {
	Name    string  `json:"name"`
	Ns      int64   `json:"ns"`
	Down    bool    `json:"down"`
	Arrival string  `json:"arrival"`
	Rate    float64 `json:"rate"` // operations of one caller a second
}

// What came of one phase.
type phaseResult struct {
	ops, timeouts, failures, unserved uint64
	waits, responses                  histogram
}

// When a caller's operations of one phase are due. An open loop's are counted by
// the rate: 0.5 is half an operation after the phase's begin.
type schedule struct {
	phase    *phase
	begin    int64
	sum      float64 // to the next one
	draws    random
	finished bool
}

// Due times are drawn apart from holds, and each phase has a stream of its own.
const dueStream = uint64(1) << 32

func newSchedule(t *timeline, number int, begin int64, index int) schedule {
	s := schedule{phase: &t.phases[number], begin: begin}
	s.draws = newRandom(t.seed, dueStream*uint64(number+1)+uint64(index))
	switch s.phase.Arrival {
	case "even":
		s.sum = float64(index) / float64(t.threads)
	case "poisson":
		s.sum = drawGap(&s.draws)
	}
	return s
}

// Exponential with mean 1; a draw is never 0, whose logarithm is none.
func drawGap(draws *random) float64 {
	return -math.Log((float64(draws.u32()) + 0.5) / (1 << 32))
}

// The next time that is due; false if there is none in this phase.
func (s *schedule) next() (due int64, more bool) {
	switch s.phase.Arrival {
	case "closed":
		due = now()
		if due < s.begin {
			due = s.begin
		}
		return due, due < s.begin+s.phase.Ns
	case "once":
		more = !s.finished
		s.finished = true
		return s.begin, more
	}
	at := s.sum / s.phase.Rate * 1e9
	if !(at < float64(s.phase.Ns)) { // also where the rate is 0
		return 0, false
	}
	if s.phase.Arrival == "poisson" {
		s.sum += drawGap(&s.draws)
	} else {
		s.sum++
	}
	return s.begin + int64(at), true
}

// Carry out what is due from due on.
func (c *caller) operate(due int64, result *phaseResult) {
	timeouts := c.timeouts
	res, err := c.acquire()
	result.waits.record(now() - due)
	switch {
	case err == nil && res.Value().(*conn).use(func() { runHold(c.hold, &c.random) }):
		res.Release()
		result.ops++
	case err == nil:
		res.Destroy()
		result.failures++
	case c.timeouts > timeouts:
		result.timeouts++
	default:
		result.failures++
	}
	c.state = stateIdle
	c.ops++
	result.responses.record(now() - due)
}

func (c *caller) runPhases(t *timeline, index int) []phaseResult {
	results := make([]phaseResult, len(t.phases))
	begin := t.begin
	for i := range t.phases {
		result := &results[i]
		s := newSchedule(t, i, begin, index)
		for due, more := s.next(); more; due, more = s.next() {
			sleep(due - now())
			if now() < t.end {
				c.operate(due, result)
			} else {
				result.unserved++
				result.waits.record(t.end - due)
				result.responses.record(t.end - due)
			}
		}
		begin += t.phases[i].Ns
	}
	return results
}

type samples struct {
	TNs     []int64 `json:"t_ns"`
	Open    []int64 `json:"open"`
	InUse   []int64 `json:"in_use"`
	Waiting []int64 `json:"waiting"`
}

func (t *timeline) sample(callers []*caller, driver *driver) samples {
	s := samples{[]int64{}, []int64{}, []int64{}, []int64{}}
	for at := t.begin; at < t.end; {
		sleep(at - now())
		var states [stateHolding + 1]int64
		for _, c := range callers {
			states[atomic.LoadUint64(&c.state)]++
		}
		taken := now()
		s.TNs = append(s.TNs, taken-t.begin)
		s.Open = append(s.Open, driver.opened.Load())
		s.InUse = append(s.InUse, states[stateHolding])
		s.Waiting = append(s.Waiting, states[stateWaiting])
		// Late: the samples that were missed are not made up.
		at += ((taken-at)/t.sampleNs + 1) * t.sampleNs
	}
	return s
}

type timeline struct {
	phases     []phase
	begin, end int64
	sampleNs   int64
	threads    int
	seed       uint64
}

func newTimeline(o *order, threads int) (*timeline, error) {
	if len(o.Phases) == 0 || o.SampleNs < 1 {
		return nil, errors.New("timeline needs phases and a sample_ns above 0")
	}
	t := &timeline{phases: o.Phases, sampleNs: o.SampleNs, threads: threads, seed: uint64(o.Seed)}
	for _, p := range o.Phases {
		switch p.Arrival {
		case "closed", "once", "even", "poisson":
		default:
			return nil, fmt.Errorf("phase %q has the unknown arrival %q", p.Name, p.Arrival)
		}
		if p.Ns < 0 || p.Rate < 0 {
			return nil, fmt.Errorf("phase %q has a negative ns or rate", p.Name)
		}
		t.end += p.Ns
	}
	return t, nil
}

func (s *session) timeline(o *order) (interface{}, error) {
	if s.load == nil {
		return nil, errNoPool
	}
	t, err := newTimeline(o, s.load.threads)
	if err != nil {
		return nil, err
	}
	driver := s.load.pool.driver
	opens, openFailures := driver.opens.Load(), driver.openFailures.Load()
	callers := newCallers(s.load, t.seed)
	results := make([][]phaseResult, len(callers))
	var running sync.WaitGroup
	stopWatch := make(chan struct{})
	go watchTimeouts(callers, s.load.pool.acquireTimeout, stopWatch)
	t.begin = now() + startDelayNs
	t.end += t.begin
	for i, c := range callers {
		running.Add(1)
		go func(i int, c *caller) {
			defer running.Done()
			results[i] = c.runPhases(t, i)
		}(i, c)
	}
	sampled := make(chan samples)
	go func() { sampled <- t.sample(callers, driver) }()
	boundary := t.begin
	for _, p := range t.phases {
		driver.down.Store(p.Down)
		boundary += p.Ns
		sleep(boundary - now())
	}
	driver.down.Store(false)
	running.Wait()
	close(stopWatch)
	if driver.shared.Load() > 0 {
		return nil, errors.New("a connection had two owners at once")
	}
	return reply{
		"phases": t.phaseReplies(results), "samples": <-sampled,
		"opens":         driver.opens.Load() - opens,
		"open_failures": driver.openFailures.Load() - openFailures,
	}, nil
}

func (t *timeline) phaseReplies(results [][]phaseResult) []reply {
	replies := make([]reply, len(t.phases))
	for i := range t.phases {
		all := &results[0][i]
		for _, more := range results[1:] {
			all.ops += more[i].ops
			all.timeouts += more[i].timeouts
			all.failures += more[i].failures
			all.unserved += more[i].unserved
			all.waits.merge(&more[i].waits)
			all.responses.merge(&more[i].responses)
		}
		replies[i] = reply{
			"name": t.phases[i].Name, "ops": all.ops, "timeouts": all.timeouts,
			"failures": all.failures, "unserved": all.unserved, "waits": all.waits.pairs(), "wait_max": all.waits.max,
			"response": all.responses.pairs(), "response_max": all.responses.max,
		}
	}
	return replies
}
