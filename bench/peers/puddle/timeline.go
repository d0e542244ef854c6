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
	ops, timeouts, failures uint64
	waits, responses        histogram
}

// When a caller's operations of one phase are due.
type schedule struct {
	arrival string
	due     int64
	gapNs   float64
	first   float64
	count   float64
	draws   *random
}

func newSchedule(p *phase, begin int64, index, threads int, draws *random) schedule {
	gap := 1e9 / p.Rate // +Inf: nobody comes
	s := schedule{arrival: p.Arrival, due: begin, gapNs: gap, draws: draws}
	switch p.Arrival {
	case "even":
		s.first = float64(begin) + gap*float64(index)/float64(threads)
	case "poisson":
		s.first = float64(begin)
	}
	return s
}

// The next time that is due, and whether it is before end.
func (s *schedule) next(end int64) bool {
	at := 0.0
	switch s.arrival {
	case "closed":
		if t := now(); t > s.due { // due is the phase's begin at first
			s.due = t
		}
		return s.due < end
	case "once":
		s.count++
		return s.count == 1
	case "even":
		at = s.first + s.count*s.gapNs
		s.count++
	case "poisson":
		s.first -= math.Log((float64(s.draws.u32())+1)/(1<<32)) * s.gapNs
		at = s.first
	}
	if !(at < float64(end)) { // also for an infinite gap, or 0 times it
		return false
	}
	s.due = int64(at)
	return true
}

// Carry out what is due from due on.
func (c *caller) operate(due int64, result *phaseResult) {
	timeouts := c.timeouts
	res, err := c.acquire()
	acquired := now()
	if err != nil {
		if c.timeouts == timeouts {
			result.failures++ // it was told at once: no wait
			return
		}
		result.timeouts++
		result.waits.record(acquired - due)
		result.responses.record(acquired - due)
		return
	}
	result.waits.record(acquired - due)
	used := res.Value().(*conn).use(func() { runHold(c.hold, &c.random) })
	if used {
		res.Release()
	} else {
		res.Destroy()
	}
	c.state = stateIdle
	c.ops++
	if used {
		result.ops++
		result.responses.record(now() - due)
	} else {
		result.failures++
	}
}

func (c *caller) runPhases(t *timeline, index int) []phaseResult {
	results := make([]phaseResult, len(t.phases))
	arrivals := newRandom(t.seed, uint64(t.threads+index))
	begin := t.begin
	for i := range t.phases {
		end := begin + t.phases[i].Ns
		s := newSchedule(&t.phases[i], begin, index, t.threads, &arrivals)
		for s.next(end) {
			sleep(s.due - now())
			if now() < t.end {
				c.operate(s.due, &results[i])
			} else {
				results[i].waits.record(t.end - s.due)
				results[i].responses.record(t.end - s.due)
			}
		}
		begin = end
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
			all.waits.merge(&more[i].waits)
			all.responses.merge(&more[i].responses)
		}
		replies[i] = reply{
			"name": t.phases[i].Name, "ops": all.ops, "timeouts": all.timeouts,
			"failures": all.failures, "waits": all.waits.pairs(), "wait_max": all.waits.max,
			"response": all.responses.pairs(), "response_max": all.responses.max,
		}
	}
	return replies
}
