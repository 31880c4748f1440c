package definition

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// File is the definition's name in its folder.
const File = "platform.yaml"

// Load reads platform.yaml and the page functions (*.js) of a folder, and proves that they can be run. The error
// is a Problems when the definition is at fault.
func Load(folder fs.FS) (*Definition, error) {
	src, err := fs.ReadFile(folder, File)
	if err != nil {
		return nil, fmt.Errorf("load definition: %w", err)
	}
	functions, err := readFunctions(folder)
	if err != nil {
		return nil, fmt.Errorf("load definition: %w", err)
	}
	return Parse(src, functions)
}

// Parse is Load for a definition that is in memory already.
func Parse(src []byte, functions map[string]string) (*Definition, error) {
	lines, problems := inspect(src)
	d := &Definition{Functions: functions, Digest: digest(src, functions)}
	if err := decode(src, d); err != nil {
		problems = append(problems, problemOf(err))
	} else {
		problems = append(problems, validate(d, lines)...)
	}
	if len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, problems
	}
	return d, nil
}

// decode reads the file. The YAML library panics on some odd documents ("{0:! 0}"): a bad definition must not end
// the process that tries it.
func decode(src []byte, d *Definition) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("this YAML cannot be read: %v", r)
		}
	}()
	return yaml.Unmarshal(src, d)
}

// problemOf is what the decoder stopped at.
func problemOf(err error) Problem {
	if at, ok := errors.AsType[*located](err); ok {
		return Problem{Line: at.line, Text: at.Error()}
	}
	if at, ok := errors.AsType[yaml.Error](err); ok {
		return Problem{Line: at.GetToken().Position.Line, Text: at.GetMessage()}
	}
	return Problem{Text: err.Error()}
}

func readFunctions(folder fs.FS) (map[string]string, error) {
	names, err := fs.Glob(folder, "*.js")
	if err != nil {
		return nil, err
	}
	functions := make(map[string]string, len(names))
	for _, name := range names {
		src, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		functions[strings.TrimSuffix(path.Base(name), ".js")] = string(src)
	}
	return functions, nil
}

func digest(src []byte, functions map[string]string) string {
	h := sha256.New()
	h.Write(src)
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(h, "\x00%s\x00%s", name, functions[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Problem is one fault of a definition.
type Problem struct {
	Line int    // in platform.yaml; 0 = of the whole
	Path string // reply.comment[3].click
	Text string // what is wrong and what to do
}

// Problems are all faults of a definition, by line.
type Problems []Problem

// Error lists every problem on a line of its own.
func (p Problems) Error() string {
	var b strings.Builder
	for i, one := range p {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d: ", File, one.Line)
		if one.Path != "" {
			b.WriteString(one.Path + ": ")
		}
		b.WriteString(one.Text)
	}
	return b.String()
}
