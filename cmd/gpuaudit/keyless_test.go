package main

import (
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gpuaudit/gpuaudit/attest/seal/sealtest"
)

// signKeyless is the script command `keyless STATEMENT SUBJECT ISSUER NAME`: a
// local certificate authority, log and timestamping authority sign a statement
// as NAME.json and are the trusted root NAME.root.
func signKeyless(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: keyless STATEMENT SUBJECT ISSUER NAME")
	}
	lab, err := sealtest.New()
	ts.Check(err)
	bundle, err := lab.Keyless(sealtest.Signature{Statement: []byte(ts.ReadFile(args[0])), Subject: args[1], Issuer: args[2], At: time.Now()})
	ts.Check(err)
	root, err := lab.Root(sealtest.Parts{Certificates: true, Timestamps: true, Log: true})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[3]+".json"), bundle, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[3]+".root"), root, 0o600))
}
