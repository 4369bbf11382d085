//go:build unix

package bench_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// turn is how long a contestant is asked before the next one's turn.
const turn = 100 * time.Millisecond

// contestant is a server and how to ask it.
type contestant struct {
	name    string // the unit of its metric is name/s
	address string
	request func(n int64) []byte // the n-th request, as it goes over the wire
	status  int                  // that every answer must have
}

// compete asks the contestants in turns from so many connections, kept alive,
// and reports each one's rate and processor time an answer, the client's share
// included, and the last one's rate in percent of each other's. All of them are
// medians over the rounds, so that a moment in which the machine did something
// else does not count; beside them is the time within which 99 of 100 answers
// came.
func compete(b *testing.B, connections int, contestants ...contestant) {
	b.Helper()
	pools := make([][]*client, len(contestants))
	var asked atomic.Int64
	for i, c := range contestants {
		pools[i] = make([]*client, connections)
		for j := range pools[i] {
			pools[i][j] = dial(b, c)
		}
		ask(b, pools[i], &asked, turn) // statements are prepared, caches are warm
		for _, c := range pools[i] {
			c.times = nil
		}
	}
	rates, costs := make([][]float64, len(contestants)), make([][]float64, len(contestants))
	for b.Loop() {
		for i := range contestants {
			before := processorTime(b)
			n, took := ask(b, pools[i], &asked, turn)
			costs[i] = append(costs[i], float64((processorTime(b)-before).Microseconds())/float64(n))
			rates[i] = append(rates[i], float64(n)/took.Seconds())
		}
	}
	last := len(contestants) - 1
	for i, c := range contestants {
		b.ReportMetric(median(rates[i]), c.name+"/s")
		b.ReportMetric(median(costs[i]), c.name+"-cpu-µs")
		b.ReportMetric(float64(percentile99(pools[i]).Microseconds()), c.name+"-p99-µs")
		if i == last {
			break
		}
		ratios := make([]float64, len(rates[i]))
		for round := range ratios {
			ratios[round] = 100 * rates[last][round] / rates[i][round]
		}
		b.ReportMetric(median(ratios), "%of-"+c.name)
	}
	b.ReportMetric(0, "ns/op") // a round of turns says nothing
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// percentile99 is the time within which 99 of 100 answers came to the clients.
func percentile99(clients []*client) time.Duration {
	var times []time.Duration
	for _, c := range clients {
		times = append(times, c.times...)
	}
	slices.Sort(times)
	return times[len(times)*99/100]
}

// ask lets every client ask until the time is over and returns how many
// answers came in how long.
func ask(b *testing.B, clients []*client, asked *atomic.Int64, duration time.Duration) (answers int64, took time.Duration) {
	b.Helper()
	var total atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for _, c := range clients {
		group.Go(func() {
			n := int64(0)
			for passed := time.Duration(0); passed < duration; n++ {
				if err := c.ask(asked.Add(1)); err != nil {
					b.Errorf("%s: %v", c.name, err)
					return
				}
				now := time.Since(began)
				c.times = append(c.times, now-passed)
				passed = now
			}
			total.Add(n)
		})
	}
	group.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return total.Load(), time.Since(began)
}

// processorTime is what this process has used of all processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// client is one connection of HTTP/1.1. It does as little as it can, because
// it shares the processors with the server that it measures.
type client struct {
	contestant
	conn   net.Conn
	answer *bufio.Reader
	times  []time.Duration // that each answer took
}

func dial(b *testing.B, c contestant) *client {
	b.Helper()
	conn, err := net.Dial("tcp", c.address)
	check(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	return &client{contestant: c, conn: conn, answer: bufio.NewReaderSize(conn, 32<<10)}
}

var contentLength = []byte("Content-Length: ")

// ask sends the n-th request and reads its answer.
func (c *client) ask(n int64) error {
	if _, err := c.conn.Write(c.request(n)); err != nil {
		return err
	}
	line, err := c.answer.ReadSlice('\n')
	if err != nil {
		return err
	}
	status := string(line[len("HTTP/1.1 "):])
	wanted := strconv.AppendInt(nil, int64(c.status), 10)
	as := bytes.HasPrefix([]byte(status), wanted)
	length := 0
	for {
		line, err := c.answer.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			break
		}
		if text, is := bytes.CutPrefix(line, contentLength); is {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(text))); err != nil {
				return err
			}
		}
	}
	if !as || length == 0 {
		body, _ := io.ReadAll(io.LimitReader(c.answer, int64(length)))
		return fmt.Errorf("answer of %d bytes, %s%s", length, status, body)
	}
	_, err = c.answer.Discard(length)
	return err
}

// get is a request for a resource.
func get(target string, headers ...string) []byte {
	return request("GET", target, append(headers, "Accept: application/json"), "")
}

// post is a request that creates a record.
func post(target, body string) []byte {
	return request("POST", target, []string{"Content-Type: application/json"}, body)
}

// patch is a request that changes a record.
func patch(target, body string) []byte {
	return request("PATCH", target, []string{"Content-Type: application/merge-patch+json"}, body)
}

// request is a request as it goes over the wire.
func request(method, target string, headers []string, body string) []byte {
	text := append(make([]byte, 0, 512), method+" "+target+" HTTP/1.1\r\nHost: 127.0.0.1\r\n"...)
	for _, header := range headers {
		text = append(append(text, header...), "\r\n"...)
	}
	if body != "" {
		text = fmt.Appendf(text, "Content-Length: %d\r\n", len(body))
	}
	return append(append(text, "\r\n"...), body...)
}
