package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/message/phrase"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

// helpful makes every command say what was meant where a verb, a flag or a value is
// misspelt, and print its help in groups of at most 80 columns.
func helpful(root *cobra.Command, words *phrase.Book) {
	root.SetFlagErrorFunc(wrongFlag)
	root.SetUsageFunc(func(cmd *cobra.Command) error { return usageTo(cmd.OutOrStderr(), cmd, words) })
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { printHelp(cmd, words) })
	root.SetHelpCommand(helpCommand())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.InitDefaultVersionFlag()
	eachCommand(root, func(cmd *cobra.Command) {
		if cmd.HasSubCommands() {
			if !strings.Contains(cmd.Use, " ") { // one with arguments of its own tells them from verbs
				cmd.Args = noSuchVerb
			}
			if !cmd.Runnable() { // of cobra's own making
				cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			}
		} else if cmd.Args != nil {
			cmd.Args = counted(cmd.Args)
		}
	})
}

func eachCommand(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, sub := range cmd.Commands() {
		eachCommand(sub, do)
	}
}

// counted says in words what is wrong with the number of arguments.
func counted(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check(cmd, args) == nil {
			return nil
		}
		verb := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
		wanted := operands(cmd)
		if len(args) < len(wanted) && !strings.HasPrefix(wanted[len(args)], "[") {
			return fmt.Errorf("%s needs %s (%s --help says more)", verb, strings.Join(wanted[len(args):], " "), cmd.CommandPath())
		}
		extra := args[min(len(wanted), len(args)-1)]
		return fmt.Errorf("%s takes no %q%s (%s --help says more)", verb, report.Clean(extra), perhapsOf(cmd, extra), cmd.CommandPath())
	}
}

// operands are the arguments that a command takes, flags aside, as its line of use has them.
func operands(cmd *cobra.Command) (list []string) {
	words := strings.Fields(cmd.Use)[1:]
	for i := 0; i < len(words); i++ {
		if strings.HasPrefix(words[i], "-") { // with the name of its value
			i++
			continue
		}
		if words[i] == "|" { // between flags
			continue
		}
		list = append(list, words[i])
	}
	return list
}

// perhapsOf is the flag that an argument which is too much may belong to: one that may stand
// without a value takes it behind =, and files and folders have flags of their own.
func perhapsOf(cmd *cobra.Command, arg string) string {
	flag := ""
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.NoOptDefVal != "" && f.Value.Type() != "bool" && f.Value.String() == f.NoOptDefVal {
			flag = "--" + f.Name + "="
		}
	})
	for _, kind := range [...]struct {
		flag   string
		folder bool
	}{{"capture", false}, {"policy", true}, {"root", true}} {
		info, err := os.Stat(arg)
		if flag == "" && err == nil && info.IsDir() == kind.folder && cmd.Flags().Lookup(kind.flag) != nil {
			flag = "--" + kind.flag + " "
		}
	}
	if flag == "" {
		return ""
	}
	return "; did you mean " + flag + report.Clean(arg) + "?"
}

// noSuchVerb is for commands that only hold verbs.
func noSuchVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var verbs []string
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			verbs = append(verbs, sub.Name())
		}
	}
	return fmt.Errorf("unknown command %q for %q%s (%s --help lists all)", report.Clean(args[0]), cmd.CommandPath(), suggest.Meant(args[0], verbs), cmd.CommandPath())
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]...",
		Short: "Say what a command does",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return noSuchVerb(found, rest)
			}
			return found.Help()
		},
	}
}

// wrongFlag says what is wrong with a flag.
func wrongFlag(cmd *cobra.Command, err error) error {
	if missing, ok := errors.AsType[*pflag.NotExistError](err); ok && missing.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		meant := suggest.Nearest(missing.GetSpecifiedName(), names)
		if meant != "" {
			meant = "; did you mean --" + meant + "?"
		}
		return fmt.Errorf("%w%s (%s --help lists all)", err, meant, cmd.CommandPath())
	}
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return fmt.Errorf("--%s: %w", bad.GetFlag().Name, badValue(bad.GetFlag(), bad.GetValue(), bad.Unwrap()))
	}
	return err
}
