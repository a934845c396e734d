package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// signedOutput is an output that a judge writes a statement to, and that holds the
// statement with its signature once it is committed. The private key never enters the
// judge, and signs reports for it, nothing else.
type signedOutput struct {
	target *outfile.File
	// statement is a file in memory.
	statement *os.File
	signer    *seal.Signer
}

func newSigned(target *outfile.File, signer *seal.Signer) (*signedOutput, error) {
	fd, err := unix.MemfdCreate("statement", unix.MFD_CLOEXEC)
	if err != nil {
		target.Abort()
		return nil, fmt.Errorf("make room for the statement: %w", err)
	}
	return &signedOutput{target: target, statement: os.NewFile(uintptr(fd), "statement"), signer: signer}, nil
}

func (s *signedOutput) Descriptor() *os.File { return s.statement }

func (s *signedOutput) Abort() {
	s.statement.Close()
	s.target.Abort()
}

func (s *signedOutput) Commit() error {
	defer s.statement.Close()
	if _, err := s.statement.Seek(0, 0); err != nil {
		return err
	}
	text, err := bounded.Read(s.statement, seal.StatementLimit)
	if err != nil {
		return fmt.Errorf("sign the report: %w", err)
	}
	// The one thing that is read of what a judge wrote, and strictly: the key may be
	// trusted for more than reports.
	switch statement, err := seal.ParseStatement(text); {
	case err != nil:
		return fmt.Errorf("sign the report: %w", err)
	case statement.PredicateType != signed.ReportType:
		return fmt.Errorf("sign the report: what is to be signed is no report, but %.80q", statement.PredicateType)
	}
	bundle, err := seal.Sign(context.Background(), text, s.signer)
	if err != nil {
		return fmt.Errorf("sign the report: %w", err)
	}
	if _, err := s.target.Write(bundle); err != nil {
		return err
	}
	return s.target.Commit()
}
