package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/config"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// settings is what files and variables said beside the flags of a verb.
type settings struct {
	// files are those of which a value counts.
	files []*input.File
	// pack is the pack that they name, as it was read, and pinned the one that the
	// administrator's file names, "" for none: another one may not weaken it.
	pack   *input.File
	pinned string
}

// judges marks a verb whose flags are settings, too.
const judges = "judges"

// judging marks a verb: files of settings and variables count for it.
func judging(cmd *cobra.Command) *cobra.Command {
	cmd.Annotations = map[string]string{judges: "true"}
	return cmd
}

// rebase is how the value of a flag names a file from a folder on; nil where it names none.
func rebase(flag string) func(folder, value string) string {
	from := func(folder, name string) string {
		if name == "" || name == "-" || filepath.IsAbs(name) || strings.Contains(name, "://") || strings.HasPrefix(name, "tpm:") {
			return name
		}
		return filepath.Join(folder, name)
	}
	switch kind := flagTakes[flag]; {
	case kind == readsROM || kind == writesReport: // BDF=FILE, FORMAT=FILE
		return func(folder, value string) string {
			head, file, ok := strings.Cut(value, "=")
			if !ok {
				return value
			}
			return head + "=" + from(folder, file)
		}
	case kind == readsPack: // a name without a dot and a slash is one that ships
		return func(folder, value string) string {
			if !strings.ContainsAny(value, "./") {
				return value
			}
			return from(folder, value)
		}
	case kind.path():
		return from
	}
	return nil
}

// settingsOf lists what files and variables may set: the flags of scan.
func settingsOf(root *cobra.Command) ([]config.Setting, *pflag.FlagSet) {
	scan, _, err := root.Find([]string{"scan"})
	if err != nil {
		panic(err) // it is there
	}
	flags := pflag.NewFlagSet("scan", pflag.ContinueOnError)
	flags.AddFlagSet(scan.LocalFlags())
	flags.AddFlagSet(scan.InheritedFlags())
	var list []config.Setting
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		_, many := f.Value.(pflag.SliceValue)
		list = append(list, config.Setting{Name: f.Name, Many: many, Rebase: rebase(f.Name)})
	})
	return list, flags
}

// places are where files of settings may be, the administrator's first.
func (a *app) places() []config.Place {
	return []config.Place{
		{Path: a.SystemConfig, Owner: a.systemOwner, Alone: true},
		{Path: config.User(a.Getenv), Owner: os.Geteuid()},
	}
}

// settle says what every setting is, with the flags that were given.
func (a *app) settle(root *cobra.Command, flags *pflag.FlagSet) (config.Layer, error) {
	known, _ := settingsOf(root)
	given := config.Layer{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = config.Value{List: values(f), From: "--" + f.Name} })
	var has func(string) bool // nil holds the settings to nothing
	if !a.unheld {
		has = func(name string) bool { return flags.Lookup(name) != nil }
	}
	s, err := config.Settle(a.places(), a.LookupEnv, given, known, has)
	if err != nil {
		return nil, err
	}
	a.settings = settings{files: s.Files, pack: s.Pack, pinned: s.Pinned}
	return s.All, nil
}

// configure puts the settings of files, variables and a managed pack in the place of
// flags that were not given.
func (a *app) configure(cmd *cobra.Command) error {
	if cmd.Annotations[judges] == "" {
		return nil
	}
	flags := cmd.Flags()
	all, err := a.settle(cmd.Root(), flags)
	if err != nil {
		return err
	}
	a.remarkOnVariables(cmd.Root())
	for name, v := range all {
		f := flags.Lookup(name)
		if f == nil || f.Changed {
			continue // of a verb that reads no machine, or given
		}
		if err := set(flags, f, v.List); err != nil {
			return fmt.Errorf("%s: %s: %w", v.From, name, err)
		}
	}
	return nil
}

// set gives a flag a value from elsewhere: a list takes the place of the default, whole.
func set(flags *pflag.FlagSet, f *pflag.Flag, list []string) error {
	many, ok := f.Value.(pflag.SliceValue)
	text := strings.Join(list, ",")
	if ok {
		text = ""
	}
	if err := f.Value.Set(text); err != nil {
		return badValue(f, text, err)
	}
	if err := flags.Set(f.Name, text); err != nil {
		return err
	}
	if ok {
		return many.Replace(list)
	}
	return nil
}

// badValue says what is wrong with the value of a flag, without the words of Go.
func badValue(f *pflag.Flag, text string, err error) error {
	switch f.Value.Type() {
	case "int":
		return fmt.Errorf("%.40q is no number", text)
	case "bool":
		return fmt.Errorf("%.40q: use true or false", text)
	case "duration":
		return fmt.Errorf("%.40q is no time such as 720h", text)
	}
	return err
}

// remarkOnVariables names variables that look like settings and are none.
func (a *app) remarkOnVariables(root *cobra.Command) {
	known, _ := settingsOf(root)
	for _, name := range a.Variables {
		if name != passphraseEnv && !slices.ContainsFunc(known, func(s config.Setting) bool { return config.Variable(s.Name) == name }) {
			a.remark("%s is no setting and changes nothing (gpuaudit config show lists all)", name)
		}
	}
}

// readPack reads a pack, or hands out what the settings already read.
func (a *app) readPack(name string) (*input.File, error) {
	if f := a.settings.pack; f != nil && f.Name == name {
		return f, nil
	}
	return pack.Read(name)
}

func (a *app) configCommand() *cobra.Command {
	return group("config", "Look at the settings: of files, variables and packs", a.configShow())
}

// shownSetting is a line of config show.
type shownSetting struct {
	Name     string   `json:"name"`
	Variable string   `json:"variable"`
	Values   []string `json:"values"`
	From     string   `json:"from"`
}

func (a *app) configShow() *cobra.Command {
	var format formatFlag
	var changed bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print each setting of a scan, and where it comes from",
		Long: `Show prints what scan would use without any flag, and where each value comes from:
/etc/gpuaudit/config.yaml, then the user's gpuaudit/config.yaml under XDG_CONFIG_HOME
or ~/.config, then variables such as GPUAUDIT_FAIL_ON. The later counts, and flags
count before all. A pack may manage a setting; then nothing may weaken it.`,
		Example: "  gpuaudit config show --changed",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			known, flags := settingsOf(cmd.Root())
			all, err := a.settle(cmd.Root(), pflag.NewFlagSet("scan", pflag.ContinueOnError))
			if err == nil && a.settings.pack != nil {
				var p *pack.Pack
				if p, err = pack.Open(a.settings.pack); err == nil {
					err = all.Hold(p, known, func(string) bool { return true })
				}
			}
			if err != nil {
				return err
			}
			list := []shownSetting{}
			for _, s := range known {
				v, set := all[s.Name]
				if !set {
					v = config.Value{List: values(flags.Lookup(s.Name)), From: "default"}
				}
				if set || !changed {
					list = append(list, shownSetting{s.Name, config.Variable(s.Name), v.List, v.From})
				}
			}
			if format.json() {
				return writeJSON(a.Stdout, list)
			}
			if len(list) == 0 {
				a.remark("no file, variable or pack sets anything: every setting is as it is by default")
			}
			for _, s := range list {
				fmt.Fprintf(a.Stdout, "%-20s %-24s %s\n", s.Name, report.Clean(cmp.Or(strings.Join(s.Values, ", "), "-")), report.Clean(s.From))
			}
			return nil
		},
	}
	format.register(cmd.Flags(), "table")
	cmd.Flags().BoolVar(&changed, "changed", false, "leave out what is as it is by default")
	return cmd
}
