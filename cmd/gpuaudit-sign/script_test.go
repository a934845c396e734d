package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gpuaudit-sign": main})
}

// softHSM is where distributions put SoftHSM's library.
var softHSM = []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"}

func TestScripts(t *testing.T) {
	module := ""
	for _, path := range softHSM {
		if _, err := os.Stat(path); err == nil {
			module = path
			break
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("MODULE", module)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			_, err := exec.LookPath("softhsm2-util")
			return cond == "softhsm" && module != "" && err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"keygen": makeKey, "verify": verifyBundle},
	})
}

// makeKey is the script command `keygen NAME`: NAME.key and NAME.pub.
func makeKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keygen NAME")
	}
	private, signer, err := seal.NewKey(nil)
	ts.Check(err)
	public, err := signer.PublicKeyPEM()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), private, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pub"), public, 0o600))
}

// verifyBundle is the script command `verify BUNDLE KEY TYPE`.
func verifyBundle(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: verify BUNDLE KEY TYPE")
	}
	public, err := seal.ParsePublicKey([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	v, err := seal.NewVerifier(seal.Policy{Keys: []seal.Key{seal.GivenKey(public)}, PredicateType: args[2], Now: time.Now()})
	ts.Check(err)
	_, err = v.Verify([]byte(strings.TrimSpace(ts.ReadFile(args[0]))))
	if (err == nil) == neg {
		ts.Fatalf("verify %s: %v", args[0], err)
	}
}
