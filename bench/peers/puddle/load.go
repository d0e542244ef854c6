// SPDX-License-Identifier: BSD-2-Clause

// The load that all pools of a run get: the draws, the hold, the clock and the
// histogram of weir-bench. They must give what bench/load/ gives; the test of
// this program compares them.
package main

import (
	"fmt"
	"math/bits"
	"runtime"
	"time"
)

type load struct {
	threads int
	hold    []holdPart
	pool    *pool
}

// xorshift64*, a stream for each thread.
type random struct{ state uint64 }

func newRandom(seed, stream uint64) random {
	mixed := seed + (stream+1)*0x9E3779B97F4A7C15
	mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9
	mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB
	mixed ^= mixed >> 31
	if mixed == 0 {
		mixed = 1
	}
	return random{mixed}
}

func (r *random) u32() uint32 {
	x := r.state
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	r.state = x
	return uint32((x * 0x2545F4914F6CDD1D) >> 32)
}

type holdPart struct {
	Kind  string `json:"kind"`
	Below uint32 `json:"below"`
	Ns    int64  `json:"ns"`
	Links uint64 `json:"links"`

	sleeps bool
}

func checkHold(hold []holdPart) error {
	for i := range hold {
		switch hold[i].Kind {
		case "work":
		case "sleep":
			hold[i].sleeps = true
		default:
			return fmt.Errorf("unknown kind of hold %q", hold[i].Kind)
		}
	}
	return nil
}

// A single part draws nothing: the draw would be part of the cost.
func drawPart(hold []holdPart, random *random) int {
	if len(hold) == 1 {
		return 0
	}
	draw := random.u32()
	for i := range hold[:len(hold)-1] {
		if draw < hold[i].Below {
			return i
		}
	}
	return len(hold) - 1
}

func runHold(hold []holdPart, random *random) {
	if len(hold) == 0 {
		return
	}
	part := &hold[drawPart(hold, random)]
	if part.sleeps {
		sleep(part.Ns)
	} else {
		runtime.KeepAlive(work(part.Links))
	}
}

//go:noinline
func work(links uint64) uint64 {
	x := links
	for i := uint64(0); i < links; i++ {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

var epoch = time.Now()

// Reads the monotonic clock alone; time.Now reads two.
func now() int64 { return int64(time.Since(epoch)) }

// Log-linear, as weir-bench's: 64 buckets for each power of two up to 2^40 ns.
const (
	subBits     = 6
	valueBits   = 40
	bucketCount = (valueBits - subBits + 1) << subBits
)

type histogram struct {
	max     int64
	buckets [bucketCount]uint64
}

func bucketOf(value int64) int {
	if value < 0 {
		value = 0
	}
	if value >= 1<<valueBits {
		value = 1<<valueBits - 1
	}
	if value < 1<<subBits {
		return int(value)
	}
	exponent := bits.Len64(uint64(value)) - 1 - subBits
	return exponent<<subBits + int(value>>exponent)
}

func (h *histogram) record(value int64) {
	h.buckets[bucketOf(value)]++
	if value > h.max {
		h.max = value
	}
}

func (h *histogram) merge(from *histogram) {
	for i, count := range from.buckets {
		h.buckets[i] += count
	}
	if from.max > h.max {
		h.max = from.max
	}
}

// The buckets that are not empty, as the reply has them.
func (h *histogram) pairs() [][2]uint64 {
	pairs := [][2]uint64{}
	for i, count := range h.buckets {
		if count > 0 {
			pairs = append(pairs, [2]uint64{uint64(i), count})
		}
	}
	return pairs
}
