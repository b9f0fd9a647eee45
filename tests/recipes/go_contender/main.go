// A contender that uses the Lock and the Semaphore of the official Go client: contender ADDRESS LOG KEY LIMIT. With the limit 0, KEY is locked;
// otherwise it is the prefix of a semaphore. For each "hold NAME" that it reads, it logs that it entered, and prints "entered"; for each
// "leave", it logs that it left, releases, and prints "left". The log is that of chaos/records.py.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"github.com/hashicorp/consul/api"
)

const clockBootTime = 7

type held struct {
	release func() error
	key     string
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// now returns the seconds since the machine was started.
func now() float64 {
	var at syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockBootTime, uintptr(unsafe.Pointer(&at)), 0); errno != 0 {
		check(errno)
	}
	return float64(at.Sec) + float64(at.Nsec)/1e9
}

func write(log *os.File, record map[string]any) {
	line, err := json.Marshal(record)
	check(err)
	_, err = log.Write(append(line, '\n'))
	check(err)
}

func hold(client *api.Client, key string, limit int, name string) held {
	if limit == 0 {
		lock, err := client.LockOpts(&api.LockOptions{Key: key, SessionName: name})
		check(err)
		_, err = lock.Lock(nil)
		check(err)
		return held{lock.Unlock, key}
	}
	semaphore, err := client.SemaphoreOpts(&api.SemaphoreOptions{Prefix: key, Limit: limit, SessionName: name})
	check(err)
	_, err = semaphore.Acquire(nil)
	check(err)
	return held{semaphore.Release, key + "/.lock"}
}

func main() {
	address, path, key := os.Args[1], os.Args[2], os.Args[3]
	limit, err := strconv.Atoi(os.Args[4])
	check(err)
	log, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	check(err)
	client, err := api.NewClient(&api.Config{Address: address})
	check(err)
	var current held
	var name string
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if asked, isHold := strings.CutPrefix(lines.Text(), "hold "); isHold {
			name = asked
			current = hold(client, key, limit, name)
			at := now()
			pair, _, err := client.KV().Get(current.key, &api.QueryOptions{RequireConsistent: true})
			check(err)
			write(log, map[string]any{"what": "enter", "at": at, "who": name, "pid": os.Getpid(), "token": pair.ModifyIndex})
			fmt.Println("entered")
		} else {
			at := now()
			write(log, map[string]any{"what": "leave", "at": at, "who": name, "pid": os.Getpid(), "believed": at})
			check(current.release())
			fmt.Println("left")
		}
	}
}
