package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/passphrase"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/apart"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/message/phrase"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// app is what the commands see of the world.
type app struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
	Getenv         func(string) string
	LookupEnv      func(string) (string, bool)
	// Ask asks the person at the terminal for a secret; nil where there is none.
	Ask func(prompt string) ([]byte, error)
	// Terminal says that Stdout is a terminal.
	Terminal bool
	// Width is the columns of that terminal, 0 where there is none.
	Width int
	// SystemConfig is the file of settings of the machine's administrator; "" where
	// there is none. Variables are the names of the environment's that could be settings.
	SystemConfig string
	Variables    []string
	// InventoryOf collects the facts that a capture holds, and the answers of NVIDIA's library
	// in it, nil for none.
	InventoryOf func(ctx context.Context, capturePath string) (*inventory.Inventory, []byte, error)

	// unconfined leaves the process its rights: tests run many commands in one
	// process, and Landlock cannot be taken back.
	unconfined bool

	// own is the file of the running program; "" is where the kernel shows it. Tests put
	// a small one in its place: theirs is ten times the one that ships.
	own string

	// access is how a judge reaches the machine, and protection what keeps it in; nil in
	// a process that opens everything itself. byRoot says that root started the program.
	access     *machine.Access
	protection *sandbox.Protection
	byRoot     bool
	// spare has garbage collected harder above so many bytes; nil in a process that has
	// other work, too.
	spare func(bytes int64)
	// alone is why there is no judge: what others wrote is parsed with the rights of the
	// user, which is said. nil where there is one.
	alone error
	// errand is what the process outside told a judge, and sign how that signs for it; nil
	// elsewhere.
	errand *apart.Errand
	sign   apart.Sign

	left outfile.Leftovers

	settings settings
	// unheld leaves packs unread where settings are looked up: the process that opens
	// files for a judge parses none but the files of settings, which it alone can check.
	unheld bool
	// looks says that nobody is shown the text of a command that has to be put together.
	looks bool
	// systemOwner may own the administrator's file: root, and in tests who runs them.
	systemOwner int

	quiet, verbose bool
	// confinement demands that every mechanism is in force that keeps a judge in.
	confinement bool
	logFormat   logFormat
	// words are those of help, errors and notes in the language of the user; nil is English.
	words        *phrase.Book
	spoken       string // its code
	passphraseFD int
	tpmDevice    string
}

// main runs a command line and returns the exit code.
func (a *app) main(ctx context.Context, args []string) int {
	// Names and texts of devices, files and reports of others end up in what is printed.
	out := &printed{w: a.Stdout}
	a.Stdout, a.Stderr = report.Safe(out, a.Terminal), report.Safe(a.Stderr, false)
	a.hear(args)
	root := a.rootCommand()
	if completes(args) {
		a.completions(root)
	}
	root.SetArgs(args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = out.lost()
	}
	if err == nil {
		return 0
	}
	if !isOutcome(err) {
		a.fail(err)
	}
	return exitCode(err)
}

// printed is standard output, and remembers what kept something from being written there:
// who prints line after line asks once, at the end.
type printed struct {
	w   io.Writer
	err error
}

func (p *printed) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

// lost is why not all was written. A reader that has enough (head(1)) lost nothing.
func (p *printed) lost() error {
	if p.err == nil || errors.Is(p.err, syscall.EPIPE) {
		return nil
	}
	return fault.AsIncomplete(fmt.Errorf("standard output: %w", p.err))
}

// oneLine is an error as it is said.
func oneLine(err error) string { return report.OneLine(err) }

func (a *app) rootCommand() *cobra.Command {
	a.passphraseFD, a.tpmDevice = passphrase.NoDescriptor, tpm.DefaultDevice
	cmd := &cobra.Command{
		Use:   "gpuaudit",
		Short: "Audit the hardware, firmware and drivers of GPUs and AI accelerators",
		Long: `gpuaudit gathers evidence about every GPU and AI accelerator of a machine, compares
it with signed vendor manifests and a catalogue of known devices, and judges it by
rules for backdoor, provenance and import-restriction risk.

Exit codes: 0 passed, or nothing to audit; 1 a check at or above --fail-on failed;
2 wrong usage or configuration; 3 the audit could not be completed, or a check at or
above --fail-on lacks its facts; 4 a signature or an attestation did not verify.`,
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := a.configure(cmd); err != nil {
				return err
			}
			if err := a.listen(cmd); err != nil {
				return err
			}
			if err := guardInputs(cmd, args); err != nil {
				return err
			}
			return a.requireConfinement()
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	cmd.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no notes on standard error, and of a scan the verdict alone; with -o, the report alone")
	cmd.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "say on standard error what is being done")
	cmd.PersistentFlags().BoolVar(&a.confinement, "require-confinement", false, "exit with 3 unless every mechanism is in force that keeps the parsing process in")
	cmd.PersistentFlags().String("lang", "", languageUsage)
	a.logFormat = "text"
	cmd.PersistentFlags().Var(&a.logFormat, "log-format", "form of notes on standard error: text or json")
	cmd.AddCommand(a.scanCommand(), a.baselineCommand(), a.captureCommand(), a.doctorCommand(), a.firmwareCommand(), manifestCommand(a), a.reportCommand(), a.timestampCommand(), a.channelCommand(), a.catalogueCommand(), a.attestCommand(), a.policyCommand(), a.waiversCommand(), a.manCommand(), a.versionCommand())
	cmd.AddCommand(a.keyCommand(), a.configCommand())
	cmd.Version = version
	cmd.SetVersionTemplate("gpuaudit {{.Version}}\n")
	cmd.SetOut(a.Stdout) // the scripts for shells are written there
	helpful(cmd, a.words)
	a.apart(cmd)
	return cmd
}

// group is a command that only holds verbs.
func group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(verbs...)
	return cmd
}

// writeJSON writes a value as people and programs read it.
func writeJSON(w io.Writer, v any) error {
	return report.EncodeJSON(w, v, "  ")
}
