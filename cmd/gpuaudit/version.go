package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// version is set by the linker for a release (-X main.version=1.2.3).
var version = "0.1.0-dev"

func tool() report.Tool { return report.Tool{Name: "gpuaudit", Version: version} }

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and the dates of the embedded data",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			sets := reference.Embedded()
			fmt.Fprintf(a.Stdout, "gpuaudit %s (%s %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			for _, s := range sets {
				fmt.Fprintf(a.Stdout, "  %-18s %s  sha256:%s\n", s.Name, s.Date, s.SHA256)
			}
			return nil
		},
	}
}
