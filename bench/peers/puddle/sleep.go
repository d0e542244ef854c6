// SPDX-License-Identifier: BSD-2-Clause

// Sleeping to the microsecond. time.Sleep does not: an idle Go program waits for
// its timers in whole milliseconds. Nor does a system call that blocks: it keeps
// the caller's processor until the scheduler takes it away, so that two sleepers
// stop the whole program on two processors, and some callers get no turn for
// seconds. A timer descriptor is waited for as Go waits for a socket, which is what
// puddle's users do while they hold a connection.
package main

import (
	"os"
	"sync"
	"syscall"
	"unsafe"
)

const (
	clockMonotonic = 1
	timerFlags     = syscall.O_NONBLOCK | syscall.O_CLOEXEC // or Go would block in read
)

type timer struct {
	fd   uintptr
	file *os.File
}

// Layout of struct itimerspec.
type timerValue struct{ interval, first syscall.Timespec }

var timers = sync.Pool{New: func() interface{} {
	fd, _, errno := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, clockMonotonic, timerFlags, 0)
	if errno != 0 {
		panic(os.NewSyscallError("timerfd_create", errno))
	}
	return &timer{fd, os.NewFile(fd, "timer")}
}}

func sleep(ns int64) {
	if ns <= 0 {
		return // a time of 0 would disarm the timer, and nothing would end the wait
	}
	t := timers.Get().(*timer)
	value := timerValue{first: syscall.NsecToTimespec(ns)}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_TIMERFD_SETTIME, t.fd, 0,
		uintptr(unsafe.Pointer(&value)), 0, 0, 0)
	if errno != 0 {
		panic(os.NewSyscallError("timerfd_settime", errno))
	}
	var expirations [8]byte
	if _, err := t.file.Read(expirations[:]); err != nil {
		panic(err)
	}
	timers.Put(t)
}
