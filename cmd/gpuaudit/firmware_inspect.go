package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/firmware/romfiles"
	"github.com/gpuaudit/gpuaudit/audit/firmware/romtext"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (a *app) firmwareInspect() *cobra.Command {
	var format formatFlag
	cmd := &cobra.Command{
		Use:   "inspect FILE|DIR...",
		Short: "Show the images, tables, signatures and digests of a ROM file, or a line for each file of a folder",
		Long: `inspect shows what a ROM file holds, with offsets. It says what the bytes state and
judges nothing: give the file to scan with --rom for a verdict. Of a folder, it reads
every regular file, without following links, and prints a line each (with -o json a
JSON object each, one on a line), and so it does of several files. It exits with 3 if a
file could not be read, or if there is no image in any. - is standard input.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return a.inspectMany(args, format.json())
			}
			if args[0] == "-" {
				return a.inspectFile(args[0], format.json())
			}
			info, err := input.Stat(args[0])
			if err != nil {
				return err
			}
			if info.IsDir() {
				return a.inspectFolder(args[0], format.json())
			}
			return a.inspectFile(args[0], format.json())
		},
	}
	format.register(cmd.Flags(), "table")
	return cmd
}

func (a *app) inspectFile(name string, asJSON bool) error {
	rom, err := romfiles.Read(name)
	if err != nil {
		return err
	}
	if asJSON {
		err = writeJSON(a.Stdout, rom)
	} else {
		_, err = io.WriteString(a.Stdout, romtext.Tree(name, rom))
	}
	if err == nil && len(rom.Images) == 0 {
		err = noImage(name)
	}
	return err
}

// noImage says that there was nothing to read in a file.
func noImage(name string) error {
	return fault.AsIncomplete(fmt.Errorf("%s: no image in it: this is no ROM of a card, or a damaged one", name))
}

// inspectMany prints a line for each file. What cannot be read says nothing about the
// others.
func (a *app) inspectMany(names []string, asJSON bool) error {
	stage, done := a.progress()
	defer done()
	count := counting(stage, "read", len(names))
	failed, images := 0, 0
	for i, name := range names {
		count(i + 1)
		f := romFile{File: name}
		if rom, err := romfiles.Read(name); err != nil {
			f.Error = oneLine(err)
			failed++
		} else {
			f.ROM = rom
			images += len(rom.Images)
		}
		if err := a.printROMFile(f, asJSON); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fault.AsIncomplete(fmt.Errorf("%d of %d files could not be read", failed, len(names)))
	}
	if images == 0 {
		return noImage("all of these files")
	}
	return nil
}

// romFile is one file of a folder.
type romFile struct {
	File  string         `json:"file"`
	Error string         `json:"error,omitempty"`
	ROM   *inventory.ROM `json:"rom,omitempty"`
}

// line is the file on one line.
func (f *romFile) line() string {
	if f.Error != "" {
		return report.Clean(fmt.Sprintf("%s  ERROR %s", f.File, f.Error))
	}
	return romtext.Line(f.File, f.ROM)
}

// inspectFolder prints the files of a folder.
func (a *app) inspectFolder(dir string, asJSON bool) error {
	root, closer, err := input.OpenFolder(dir)
	if err != nil {
		return err
	}
	defer closer.Close()
	failed, files, images := 0, 0, 0
	for name, r := range romfiles.Folder(root) {
		f := romFile{File: name, ROM: r.ROM}
		files++
		if r.Err != nil {
			failed++
			f.Error = r.Err.Error()
		} else {
			images += len(r.ROM.Images)
		}
		if err := a.printROMFile(f, asJSON); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fault.AsIncomplete(fmt.Errorf("%s: %d files could not be read", dir, failed))
	}
	switch {
	case files == 0:
		return fmt.Errorf("%s: no file is in this folder", dir)
	case images == 0:
		return noImage("all files of " + dir)
	}
	return nil
}

func (a *app) printROMFile(f romFile, asJSON bool) error {
	if asJSON {
		return report.EncodeJSON(a.Stdout, f, "")
	}
	_, err := fmt.Fprintln(a.Stdout, f.line())
	return err
}
