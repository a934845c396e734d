package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// writing are the flags that name what a verb writes. The value of --output is
// a format, a file, or FORMAT=FILE.
var writing = map[string]bool{"output": true, "public": true, "ear": true, "summary": true}

// guardInputs refuses a command line that names one file as input and as output,
// whatever the verb: the evidence would be gone before it is read, or after.
func guardInputs(cmd *cobra.Command, args []string) error {
	outputs, inputs := map[string]string{}, map[string]string{}
	for i, arg := range args {
		inputs[fmt.Sprintf("argument %d", i+1)] = arg
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		for i, v := range values(f) {
			name := fmt.Sprintf("--%s (%d)", f.Name, i+1)
			if i == 0 {
				name = "--" + f.Name
			}
			if !writing[f.Name] {
				inputs[name] = v
				// --rom BDF=FILE, --flash BDF=FILE
				if _, file, ok := strings.Cut(v, "="); ok {
					inputs[name+" after ="] = file
				}
				continue
			}
			// FORMAT=FILE may stand several times; another name may have a = in it.
			if _, formats := f.Value.(pflag.SliceValue); formats {
				if _, file, ok := strings.Cut(v, "="); ok {
					v = file
				}
			}
			outputs[name] = v
		}
	})
	if n := reads(inputs); n > 1 {
		return fmt.Errorf("- is given %d times: standard input is read once", n)
	}
	for name, file := range outputs {
		if file == "" || file == "-" {
			delete(outputs, name)
		}
	}
	return outfile.Clash(outputs, inputs)
}

// reads counts the inputs that are standard input.
func reads(inputs map[string]string) int {
	n := 0
	for _, file := range inputs {
		if file == "-" {
			n++
		}
	}
	return n
}

func values(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}
