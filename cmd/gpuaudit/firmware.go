package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/firmware/romtext"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

func (a *app) firmwareCommand() *cobra.Command {
	return group("firmware", "Read the ROM files of cards: inspect, compare, take apart",
		a.firmwareInspect(), a.firmwareDiff(), a.firmwareExtract())
}

func (a *app) firmwareDiff() *cobra.Command {
	var format formatFlag
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Say what differs between two ROM files, by named region",
		Long: `diff names the images, tables and flash regions in which two ROM files differ, and
says whether the code that a host runs is the same (the stable digest). It exits with
0 when that code is the same, with 1 when it differs, and with 3 when a ROM is too
broken to tell.`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			one, err := readFile(args[0], firmware.MaxBytes)
			if err != nil {
				return err
			}
			two, err := readFile(args[1], firmware.MaxBytes)
			if err != nil {
				return err
			}
			c := firmware.Diff(one, two)
			if format.json() {
				err = writeJSON(a.Stdout, c)
			} else {
				_, err = io.WriteString(a.Stdout, romtext.Difference(args[0], args[1], c))
			}
			switch {
			case err != nil:
				return err
			case c.SameStable == nil:
				return answered(exitIncomplete)
			case !*c.SameStable:
				return answered(exitFailed)
			}
			return nil
		},
	}
	format.register(cmd.Flags(), "table")
	return cmd
}

func (a *app) firmwareExtract() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "extract FILE --output DIR",
		Short: "Write each image of a ROM, and each EFI driver decompressed, to a new folder",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := readFile(args[0], firmware.MaxBytes)
			if err != nil {
				return err
			}
			parts := partsOf(b)
			if len(parts) == 0 {
				return noImage(args[0])
			}
			folder, err := outfile.OpenFolder(output, outfile.New)
			if err != nil {
				return fmt.Errorf("--output: %w", err)
			}
			defer folder.Close()
			if err := writeParts(folder, parts); err != nil {
				return fault.AsIncomplete(err)
			}
			for _, p := range parts {
				fmt.Fprintf(a.Stdout, "%s  %d bytes\n", filepath.Join(output, p.name), len(p.data))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "folder to make; it must not exist")
	if err := cmd.MarkFlagRequired("output"); err != nil {
		panic(err) // the flag is the one above
	}
	return cmd
}

// romPart is one file that extract writes.
type romPart struct {
	name string
	data []byte
}

// partsOf names parts by number, offset and kind; nothing in a name comes from
// the ROM's own texts.
func partsOf(b []byte) []romPart {
	var parts []romPart
	rom := firmware.Parse(b)
	for _, img := range rom.Images {
		stem := fmt.Sprintf("%02d-%06x-%s", img.Index, img.Offset, img.CodeType)
		parts = append(parts, romPart{stem + ".rom", b[img.Offset : img.Offset+img.Bytes]})
		if payload, err := firmware.Payload(b, &img); err == nil {
			parts = append(parts, romPart{stem + ".efi", payload})
		}
	}
	return parts
}

// writeParts writes into the folder and nowhere else.
func writeParts(folder outfile.Folder, parts []romPart) error {
	for _, p := range parts {
		if err := outfile.Put(folder, p.name, p.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
