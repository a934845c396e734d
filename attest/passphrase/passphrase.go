// Package passphrase reads the secret that unlocks a private key, a TPM object
// or a token: from a file descriptor, the environment, or the person at the
// terminal. Never from a flag, which every user of the machine can read.
package passphrase

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// limit caps a secret.
const limit = 64 << 10

// NoDescriptor is the FD of a Source that has none.
const NoDescriptor = -1

// ErrNone says that a secret is needed and nobody can be asked.
var ErrNone = errors.New("no passphrase was given")

// Source says where a secret comes from, in this order.
type Source struct {
	// FD is a file descriptor of this process, or NoDescriptor; Flag is how the
	// user named it.
	FD   int
	Flag string
	// Env is the variable that LookupEnv is asked for.
	Env       string
	LookupEnv func(string) (string, bool)
	// Ask asks a person; nil where nobody sits at a terminal.
	Ask func(prompt string) ([]byte, error)
}

// Read returns the secret for what the prompt names. A secret may be empty, but
// only if somebody said so.
func (s *Source) Read(what string) ([]byte, error) {
	if s.FD != NoDescriptor {
		b, err := readDescriptor(s.FD)
		if err != nil {
			return nil, fmt.Errorf("%s %d: %w", s.Flag, s.FD, err)
		}
		return b, nil
	}
	if s.LookupEnv != nil {
		if secret, ok := s.LookupEnv(s.Env); ok {
			return []byte(secret), nil
		}
	}
	if s.Ask != nil {
		secret, err := s.Ask("Passphrase of " + what + ": ")
		if err == nil || !errors.Is(err, ErrNone) {
			return secret, err
		}
	}
	return nil, fmt.Errorf("%w: set %s or give %s", ErrNone, s.Env, s.Flag)
}

// readDescriptor reads a descriptor to its end and closes it. One line feed at
// the end is the writer's and not the secret's.
func readDescriptor(fd int) ([]byte, error) {
	if fd < 0 {
		return nil, errors.New("it is no file descriptor")
	}
	f := os.NewFile(uintptr(fd), "passphrase")
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if len(b) > limit {
		return nil, fmt.Errorf("longer than %d bytes", limit)
	}
	return bytes.TrimSuffix(b, []byte("\n")), nil
}

// Terminal asks the person at the controlling terminal, who sees no echo.
// Standard input and output may be redirected: they are not touched.
func Terminal(prompt string) ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, ErrNone
	}
	defer tty.Close()
	if _, err := io.WriteString(tty, prompt); err != nil {
		return nil, err
	}
	defer io.WriteString(tty, "\n")
	return term.ReadPassword(int(tty.Fd()))
}
