package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

func (a *app) timestampCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "timestamp",
		Short: "Have a timestamping authority witness when a bundle was signed",
		Long: `A timestamp (RFC 3161) says that a signature existed at a time. With one, a key's
period is judged at that time and no longer at the reader's clock.

The request and the response are files: gpuaudit opens no connection. Whoever
verifies needs the authority's certificates, in the trust file or in a trusted root.`,
		Example: `  gpuaudit timestamp request r.sigstore.json --output r.tsq
  curl --data-binary @r.tsq -H 'Content-Type: application/timestamp-query' https://TSA -o r.tsr
  gpuaudit timestamp attach r.sigstore.json r.tsr --output stamped.sigstore.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.timestampRequest(), a.timestampAttach())
	return cmd
}

func (a *app) timestampRequest() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "request BUNDLE --output FILE",
		Short: "Write the request for a timestamp on a bundle's signature",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.rewrite(args, output, func(files [][]byte) ([]byte, error) { return seal.TimestampRequest(files[0]) })
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	return cmd
}

func (a *app) timestampAttach() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "attach BUNDLE RESPONSE --output BUNDLE",
		Short: "Put an authority's response into the bundle that it is about",
		Args:  cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.rewrite(args, output, func(files [][]byte) ([]byte, error) { return seal.AttachTimestamp(files[0], files[1]) })
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	return cmd
}

// rewrite makes one file of others.
func (a *app) rewrite(names []string, output string, make func(files [][]byte) ([]byte, error)) error {
	if output == "" {
		return errors.New("--output is required")
	}
	var files [][]byte
	for _, name := range names {
		b, err := readFile(name, seal.BundleLimit)
		if err != nil {
			return err
		}
		files = append(files, b)
	}
	made, err := make(files)
	if err != nil {
		at := names[0]
		if errors.Is(err, seal.ErrTimestamp) {
			at = names[len(names)-1]
		}
		return fmt.Errorf("%s: %w", at, err)
	}
	return a.put(output, made)
}
