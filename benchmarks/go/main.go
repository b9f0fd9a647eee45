// A worker that calls with the official Go client: worker tcp|unix ADDRESSES PREFIX. benchmarks/workers/protocol.py says what it reads and prints.
// With "first" as a fourth argument it makes one call, prints the KB of memory that were resident at most, and ends.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/consul/api"
)

const (
	key       = "bench/key"
	timeLimit = 10 * time.Second
	tasks     = 100
)

type order struct {
	Case  string `json:"case"`
	Calls int    `json:"calls"`
	Check bool   `json:"check"`
}

type addresses struct {
	Port     int    `json:"port"`
	UnixPath string `json:"unix_path"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func say(answer map[string]any) {
	line, err := json.Marshal(answer)
	check(err)
	fmt.Println(string(line))
}

// The client's own address form for UNIX sockets, unix:///path, opens a connection for each call. Its transport for TCP keeps them.
func newClient(kind string, at addresses) *api.Client {
	config := api.DefaultConfig()
	config.Address = fmt.Sprintf("127.0.0.1:%d", at.Port)
	if kind == "unix" {
		config.Transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", at.UnixPath)
		}
	}
	config.HttpClient = &http.Client{Transport: config.Transport, Timeout: timeLimit}
	client, err := api.NewClient(config)
	check(err)
	return client
}

func newCalls(client *api.Client, prefix string) map[string]func() any {
	body := []byte(strings.Repeat("p", 1024))
	kv := client.KV()
	instances := func(service string) any {
		found, _, err := client.Health().Service(service, "", false, nil)
		check(err)
		return len(found)
	}
	return map[string]func() any{
		"get": func() any {
			pair, _, err := kv.Get(key, nil)
			check(err)
			return string(pair.Value)
		},
		"put": func() any {
			_, err := kv.Put(&api.KVPair{Key: key, Value: body}, nil)
			check(err)
			return true
		},
		"health-200":  func() any { return instances("web-200") },
		"health-5000": func() any { return instances("web-5000") },
		"keys": func() any {
			pairs, _, err := kv.List(prefix, nil)
			check(err)
			return len(pairs)
		},
	}
}

func concurrent(call func() any, calls int) {
	var group sync.WaitGroup
	for range tasks {
		group.Go(func() {
			for range max(calls/tasks, 1) {
				call()
			}
		})
	}
	group.Wait()
}

func used() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// The most memory that was resident, in bytes; 0 if this system does not say.
func peakMemory() int {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.SplitSeq(string(status), "\n") {
		var kilobytes int
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			return kilobytes * 1024
		}
	}
	return 0
}

func versions() map[string]string {
	found := map[string]string{"go": strings.TrimPrefix(runtime.Version(), "go")}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/hashicorp/consul/api" {
				found["hashicorp/consul/api"] = module.Version
			}
		}
	}
	return found
}

func main() {
	var at addresses
	check(json.Unmarshal([]byte(os.Args[2]), &at))
	calls := newCalls(newClient(os.Args[1], at), os.Args[3])
	if len(os.Args) > 4 {
		calls["get"]()
		fmt.Println(peakMemory() / 1024)
		return
	}
	say(map[string]any{"versions": versions()})
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		asked := order{Calls: 1}
		check(json.Unmarshal(orders.Bytes(), &asked))
		call := calls[asked.Case]
		if asked.Check {
			say(map[string]any{"result": call()})
			continue
		}
		runtime.GC()
		cpu, begun := used(), time.Now()
		if asked.Case == "concurrent" {
			concurrent(calls["get"], asked.Calls)
		} else {
			for range asked.Calls {
				call()
			}
		}
		wall, number := time.Since(begun), float64(asked.Calls)
		say(map[string]any{
			"cpu":  float64((used() - cpu).Nanoseconds()) / number / 1e3,
			"wall": float64(wall.Nanoseconds()) / number / 1e3,
			"rss":  peakMemory(),
		})
	}
}
