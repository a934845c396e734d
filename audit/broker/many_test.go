package broker

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// ends fails a test whose work does not end: somebody waits for what never comes.
func ends(t *testing.T, what string, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); work() }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s does not end", what)
	}
}

// TestManyAskAtOnce: of many that ask at once each gets its own answer, whoever reads it,
// while some wait for what takes its time.
func TestManyAskAtOnce(t *testing.T) {
	dir := t.TempDir()
	const askers = 12
	for i := range askers {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte(fmt.Sprint("it is ", i)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	limits := DefaultLimits()
	limits.Workers = 3
	slow := func(context.Context, string) ([]byte, error) { time.Sleep(2 * hangs); return []byte("a ROM"), nil }
	c, _ := serve(t, nil, Rights{ROM: slow, Machine: &Machine{Root: dir, Paths: []string{"."}}}, limits)
	ends(t, "asking", func() {
		var wg sync.WaitGroup
		for i := range askers {
			wg.Go(func() {
				for n := range 400 {
					if n%100 == i {
						if b, err := c.ROM(t.Context(), "0000:01:00.0"); err != nil || string(b) != "a ROM" {
							t.Errorf("%q, %v", b, err)
						}
					}
					b, err := fs.ReadFile(c.Machine(), fmt.Sprint(i))
					if want := fmt.Sprint("it is ", i); err != nil || string(b) != want {
						t.Errorf("%q, %v, want %q", b, err, want)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

// TestTheOtherSideEnds: whoever waits for an answer learns that none will come, and who asks
// later, too.
func TestTheOtherSideEnds(t *testing.T) {
	outside, inside, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ends(t, "asking one that is gone", func() {
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if _, err := c.Told(); err == nil {
					t.Error("an answer of nobody")
				}
			})
		}
		time.Sleep(20 * time.Millisecond) // they wait
		outside.Close()
		wg.Wait()
		if _, err := c.Told(); err == nil {
			t.Error("an answer of nobody")
		}
	})
}

// TestAJudgeThatReadsNothing: one that asks and takes no answer holds up nothing but itself:
// the process outside ends when it is told to.
func TestAJudgeThatReadsNothing(t *testing.T) {
	outside, inside, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	limits := DefaultLimits()
	limits.Grace = 10 * time.Second
	s, err := NewServer(outside, nil, Rights{Told: make([]byte, inline)}, limits)
	if err != nil {
		t.Fatal(err)
	}
	judge, err := newConn(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer judge.close()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	asked := make(chan int, 1)
	go func() { // until nothing more goes through
		n := 0
		for ; n < 10000; n++ {
			var w writer
			w.u32(uint32(n))
			w.u8(uint8(opTold))
			if judge.write(w.b, -1) != nil {
				break
			}
		}
		asked <- n
	}()
	time.Sleep(50 * time.Millisecond)
	began := time.Now()
	cancel()
	ends(t, "serving", func() {
		if err := <-served; err != context.Canceled {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took > limits.Grace/2 {
			t.Errorf("took %s: what was under way did not end", took)
		}
		if n := <-asked; n == 10000 {
			t.Error("nothing was held up: the test shows nothing")
		}
	})
}
