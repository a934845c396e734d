package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/archive"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

func (a *app) channelImport() *cobra.Command {
	var s subscription
	cmd := &cobra.Command{
		Use:   "import ARCHIVE",
		Short: "Bring a channel up to date from an archive: the same over an air gap",
		Long: `Import takes what channel export or manifest publish archive wrote, verifies it exactly as
update does, and keeps it. It opens no network connection.`,
		Example: `  gpuaudit channel import example.tar.gz --root 1.root.json
  gpuaudit channel import example.tar.gz`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := input.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			if info, err := f.Stat(); err == nil && info.IsDir() {
				return fmt.Errorf("%s: it is a folder: give the file that channel export or manifest publish archive wrote", args[0])
			}
			d, req, err := a.begin(&s)
			if err != nil {
				return err
			}
			defer d.Close()
			if req.Name == "" {
				if req.Name, err = d.NameOfArchive(args[0], req.Root != nil); err != nil {
					return err
				}
			}
			a.confine(machine.Changeable(d.Path()))
			files, err := archive.Read(f)
			if err != nil {
				return state.Fault(fmt.Errorf("%s: %w", filepath.Base(args[0]), err))
			}
			req.Source = files
			return a.keep(cmd.Context(), d, req)
		},
	}
	s.register(cmd.Flags())
	return cmd
}

func (a *app) channelExport() *cobra.Command {
	var name, output, dir string
	cmd := &cobra.Command{
		Use:   "export --output ARCHIVE",
		Short: "Write a kept channel as an archive for machines without a network",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output == "" {
				return errors.New("--output is required")
			}
			d, names, err := a.openState(dir)
			if err != nil {
				return err
			}
			defer d.Close()
			if name == "" && len(names) != 1 {
				return fmt.Errorf("say with --name which channel: %s", strings.Join(names, ", "))
			}
			if name == "" {
				name = names[0]
			}
			c, err := d.Load(cmd.Context(), name)
			if err != nil {
				return state.Fault(err)
			}
			return a.putArchive(output, c.Files)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "the channel, if several are kept")
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	cmd.Flags().StringVar(&dir, "state", "", stateUsage)
	return cmd
}

func (a *app) putArchive(output string, files channel.Files) error {
	if err := outfile.Write(output, outfile.Public, func(w io.Writer) error { return archive.Write(w, files) }); err != nil {
		return unput(err)
	}
	return nil
}

func (a *app) channelForget() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "forget NAME",
		Short: "Drop a channel, its trusted root and the versions that were seen",
		Long: `Forget drops all that is known of a channel. It is for one that nobody wants any more,
and for one whose root keys were stolen: subscribe to it anew, with a root that its
publisher hands out by another way.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := a.changeState(dir)
			if err != nil {
				return err
			}
			defer d.Close()
			if err := d.Forget(args[0]); err != nil {
				return state.Fault(err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "state", "", stateUsage)
	return cmd
}

// changeState opens a state that must be there, with channels, to change it.
func (a *app) changeState(flag string) (*state.Dir, error) {
	read, _, err := a.openState(flag)
	if err != nil {
		return nil, err
	}
	defer read.Close()
	d, err := state.Change(read.Path())
	if err != nil {
		return nil, state.Fault(fmt.Errorf("open the state %s: %w", read.Path(), err))
	}
	return d, nil
}
