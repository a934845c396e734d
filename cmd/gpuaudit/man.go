package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes the manual pages, for packagers.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages into a directory, which is made where there is none",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			date := a.Now().UTC()
			return doc.GenManTree(cmd.Root(), &doc.GenManHeader{Title: "GPUAUDIT", Section: "1", Source: "gpuaudit " + version, Date: &date}, args[0])
		},
	}
}
