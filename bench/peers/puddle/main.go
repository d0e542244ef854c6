// SPDX-License-Identifier: BSD-2-Clause

// Puddle as a child of weir-bench: one JSON order a line on stdin, one reply a
// line on stdout, exit 0 at the end of stdin.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
)

// The fastest round is the one that nothing interrupted.
const selftestRounds = 300

// Set by the linker: puddle does not know its own version.
var puddleVersion = "unknown"

type order struct {
	Order string `json:"order"`

	// open
	Threads          int        `json:"threads"`
	ConnsMin         int32      `json:"conns_min"`
	ConnsMax         int32      `json:"conns_max"`
	AcquireTimeoutNs int64      `json:"acquire_timeout_ns"`
	OpenTimeoutNs    int64      `json:"open_timeout_ns"`
	OpenNs           int64      `json:"open_ns"`
	Hold             []holdPart `json:"hold"`

	// pass, timeline, selftest
	Timed    bool    `json:"timed"`
	WarmS    float64 `json:"warm_s"`
	Seconds  float64 `json:"seconds"`
	Seed     int64   `json:"seed"`
	SampleNs int64   `json:"sample_ns"`
	Phases   []phase `json:"phases"`

	// selftest
	Stream uint64  `json:"stream"`
	Draws  int     `json:"draws"`
	Values []int64 `json:"values"`
	Links  uint64  `json:"links"`
}

type reply map[string]interface{}

// What the orders are about: at most one pool at a time.
type session struct {
	load *load // nil: none is open
}

func (s *session) open(o *order) (interface{}, error) {
	if s.load != nil {
		return nil, errors.New("a pool is open: close it first")
	}
	if o.Threads < 1 || o.ConnsMin < 0 || o.ConnsMax < 1 || o.ConnsMin > o.ConnsMax {
		return nil, errors.New("open needs threads, and 0 <= conns_min <= conns_max, conns_max >= 1")
	}
	if o.AcquireTimeoutNs < 1 || o.OpenTimeoutNs < 1 {
		return nil, errors.New("open needs an acquire_timeout_ns and an open_timeout_ns")
	}
	if err := checkHold(o.Hold); err != nil {
		return nil, err
	}
	pool, err := openPool(o)
	if err != nil {
		return nil, err
	}
	s.load = &load{threads: o.Threads, hold: o.Hold, pool: pool}
	return reply{"opened": true}, nil
}

func (s *session) close(*order) (interface{}, error) {
	if s.load == nil {
		return nil, errNoPool
	}
	s.load.pool.Close()
	s.load = nil
	return reply{"closed": true}, nil
}

// What the test of this program compares with the harness's own: the draws, the
// parts of the hold that they choose, the buckets, the result of the work, and the time
// that it takes: a compiler that found a shorter way would make the load another.
func (s *session) selftest(o *order) (interface{}, error) {
	if err := checkHold(o.Hold); err != nil {
		return nil, err
	}
	draws := make([]uint32, o.Draws)
	parts := make([]int, o.Draws)
	buckets := make([]int, len(o.Values))
	random := newRandom(uint64(o.Seed), o.Stream)
	choices := newRandom(uint64(o.Seed), o.Stream)
	for i := range draws {
		draws[i] = random.u32()
		if len(o.Hold) > 0 {
			parts[i] = drawPart(o.Hold, &choices)
		}
	}
	for i, value := range o.Values {
		buckets[i] = bucketOf(value)
	}
	workNs := int64(math.MaxInt64)
	for round := 0; round < selftestRounds; round++ {
		start := now()
		work(o.Links)
		if took := now() - start; took < workNs {
			workNs = took
		}
	}
	return reply{
		"draws": draws, "parts": parts, "buckets": buckets,
		"work": int64(work(o.Links)), "work_ns": workNs,
	}, nil
}

var errNoPool = errors.New("no pool is open")

func (s *session) carryOut(line []byte) (interface{}, error) {
	orders := map[string]func(*order) (interface{}, error){
		"open":     s.open,
		"pass":     s.pass,
		"timeline": s.timeline,
		"close":    s.close,
		"selftest": s.selftest,
	}
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return nil, err
	}
	run, known := orders[o.Order]
	if !known {
		return nil, fmt.Errorf("unknown order %q", o.Order)
	}
	return run(&o)
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout) // ends each reply with a new line
	s := &session{}

	_ = out.Encode(reply{
		"protocol": 1, "pool": "puddle", "version": puddleVersion, "runtime": runtime.Version(),
		"warm_s": 0.2, "extra_work": nil, "abilities": []string{"grows", "heals"},
	})
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			answer, fault := s.carryOut(line)
			if fault != nil {
				answer = reply{"error": fault.Error()}
			}
			if out.Encode(answer) != nil {
				return // nobody listens any more
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "puddle:", err)
			os.Exit(1)
		}
	}
}
