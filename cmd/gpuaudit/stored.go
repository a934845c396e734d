package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/stored"
)

// storedTrust are the flags that say whose stored reports are believed.
type storedTrust struct {
	key    string
	signed bool
	maxAge time.Duration
}

func (t *storedTrust) register(flags *pflag.FlagSet) {
	flags.StringVar(&t.key, "key", "", "public key: every input has to be a report that its holder signed")
	flags.BoolVar(&t.signed, "signed", false, "every input has to be a report that somebody in the --trust file signed")
	flags.DurationVar(&t.maxAge, "max-age", 0, "refuse a signed report that is older, such as 720h; 0 takes any age")
}

// storedReader is what reads the inputs that the flags mean.
func (a *app) storedReader(t *storedTrust, enumerate collect.Enumerator, trust *reference.Trust, root string, now time.Time) (*stored.Reader, error) {
	switch {
	case t.signed && trust == nil && t.key == "":
		return nil, errors.New("--signed needs --trust or --key: a signature counts only with a key that you trust")
	case t.maxAge < 0:
		return nil, fmt.Errorf("--max-age: %s is no age", t.maxAge)
	case t.maxAge > 0 && trust == nil && t.key == "":
		return nil, errors.New("--max-age needs --trust or --key: the time of a report that nobody signed proves nothing")
	}
	reader := &stored.Reader{Enumerate: enumerate, Opening: func() machine.Options { return a.opening(a.Now().UTC()) }, Signed: t.signed || t.key != "", Room: stored.Room}
	if trust == nil && t.key == "" {
		return reader, nil
	}
	flags := reportTrust{key: t.key, root: root, now: clockFlag(now.Format(time.RFC3339)), maxAge: t.maxAge}
	p, err := flags.policy(a)
	if err != nil {
		return nil, err
	}
	if t.key == "" {
		if p.Trust, err = trust.Parse(); err != nil {
			return nil, err
		}
	}
	reader.Believe = &p
	return reader, nil
}
