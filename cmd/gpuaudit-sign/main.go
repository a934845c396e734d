// Command gpuaudit-sign signs statements with what the audit must not be linked
// with: tokens behind a vendor's PKCS #11 library, key management services, and
// sigstore's services on the network. It takes an unsigned statement and writes
// the bundle that gpuaudit would write; gpuaudit verifies it offline.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"

	"github.com/gpuaudit/gpuaudit/attest/passphrase"
	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/cmd/gpuaudit-sign/internal/online"
)

const usage = `usage: gpuaudit-sign --key KEY --output BUNDLE STATEMENT
       gpuaudit-sign --fulcio-url URL --rekor-url URL --output BUNDLE STATEMENT
       gpuaudit-sign --key KEY --public FILE

STATEMENT is what gpuaudit manifest create and gpuaudit report statement write.
KEY is a file (PEM or cosign's), pkcs11:token=T;object=O (RFC 7512), awskms://,
azurekms://, gcpkms://, hashivault:// or openbao://. A passphrase or a token's PIN
comes from --passphrase-fd, GPUAUDIT_KEY_PASSWORD or the terminal. Without a key an
identity token signs, from --identity-token-fd or SIGSTORE_ID_TOKEN.

Nothing is asked over the network but what is named here.
`

const (
	exitUsage  = 2
	exitFailed = 3
)

// request is a command line.
type request struct {
	statement, key, module string
	output, public         string
	services               online.Services
	rekorVersion           uint
	secret, token          passphrase.Source
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	r, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "gpuaudit-sign: %s\n%s", oneLine(err), usage)
		return exitUsage
	}
	if err := r.run(ctx, stdout); err != nil {
		fmt.Fprintf(stderr, "gpuaudit-sign: %s\n", oneLine(err))
		return exitFailed
	}
	return 0
}

// oneLine keeps a message on one line, and from what a terminal would obey: parts of it
// come from files and from services.
func oneLine(err error) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(strings.Fields(err.Error()), " "))
}

func parse(args []string) (*request, error) {
	r := &request{}
	f := flag.NewFlagSet("gpuaudit-sign", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&r.key, "key", "", "")
	f.StringVar(&r.module, "pkcs11-module", "", "")
	f.StringVar(&r.output, "output", "", "")
	f.StringVar(&r.public, "public", "", "")
	f.StringVar(&r.services.Fulcio, "fulcio-url", "", "")
	f.StringVar(&r.services.Rekor, "rekor-url", "", "")
	f.UintVar(&r.rekorVersion, "rekor-version", 1, "")
	f.StringVar(&r.services.Timestamp, "timestamp-url", "", "")
	f.IntVar(&r.secret.FD, "passphrase-fd", passphrase.NoDescriptor, "")
	f.IntVar(&r.token.FD, "identity-token-fd", passphrase.NoDescriptor, "")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	r.secret.Flag, r.secret.Env, r.secret.LookupEnv, r.secret.Ask = "--passphrase-fd", "GPUAUDIT_KEY_PASSWORD", os.LookupEnv, passphrase.Terminal
	r.token.Flag, r.token.Env, r.token.LookupEnv = "--identity-token-fd", "SIGSTORE_ID_TOKEN", os.LookupEnv
	r.services.RekorVersion = uint32(min(r.rekorVersion, 1<<16))
	r.statement = f.Arg(0)
	switch {
	case (r.key == "") == (r.services.Fulcio == ""):
		return nil, errors.New("give --key, or --fulcio-url for an identity, one of them")
	case r.public != "" && r.key == "":
		return nil, errors.New("--public needs --key")
	case f.NArg() > 1, f.NArg() == 0 && r.public == "":
		return nil, errors.New("name one statement")
	case f.NArg() == 1 && r.output == "":
		return nil, errors.New("--output is required")
	case r.module != "" && strings.Contains(r.key, "module-path="):
		return nil, errors.New("--pkcs11-module and module-path both name a library: give one")
	}
	return r, outfile.Clash(map[string]string{"--output": r.output, "--public": r.public},
		map[string]string{"--key": r.key, "--pkcs11-module": r.module, "the statement": r.statement})
}

func (r *request) run(ctx context.Context, stdout io.Writer) error {
	var signer *seal.Signer
	if r.key != "" {
		key, err := r.open(ctx)
		if err != nil {
			return err
		}
		signer = key
	} else {
		token, err := r.token.Read("the identity token")
		if err != nil {
			return err
		}
		r.services.Token = strings.TrimSpace(string(token))
	}
	if r.public != "" {
		text, err := signer.PublicKeyPEM()
		if err == nil {
			err = write(r.public, text, stdout)
		}
		if err != nil || r.statement == "" {
			return err
		}
	}
	statement, err := input.Read(r.statement, seal.StatementLimit)
	if err != nil {
		return err
	}
	bundle, err := online.Sign(ctx, statement.Data, signer, r.services)
	if err != nil {
		return fmt.Errorf("%s: %w", r.statement, err)
	}
	return write(r.output, bundle, stdout)
}
