package definition

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
)

// File is the definition's name in its folder.
const File = "platform.yaml"

// filesMost bounds all files of one definition together, in bytes.
const filesMost = 4 << 20

// Load reads a folder and proves that what it holds can be run. The error is a Problems when the definition is at fault.
func Load(folder fs.FS) (*Definition, error) {
	files, err := Files(folder)
	if err != nil {
		return nil, err
	}
	return Parse(files)
}

// Files reads what makes up the definition of a folder, by name: platform.yaml, the page functions (*.js) and the
// message schemas (*.proto).
func Files(folder fs.FS) (map[string]string, error) {
	files := make(map[string]string)
	for _, pattern := range []string{File, "*.js", "*.proto"} {
		names, err := fs.Glob(folder, pattern)
		if err != nil {
			return nil, fmt.Errorf("load definition: %w", err)
		}
		for _, name := range names {
			src, err := fs.ReadFile(folder, name)
			if err != nil {
				return nil, fmt.Errorf("load definition: %w", err)
			}
			files[name] = string(src)
		}
	}
	if _, ok := files[File]; !ok {
		return nil, fmt.Errorf("load definition: %s: %w", File, fs.ErrNotExist)
	}
	return files, nil
}

// Loaded is what one folder of a definitions folder holds: a definition, or why it is none.
type Loaded struct {
	Folder     string
	Definition *Definition
	Err        error
}

// LoadDir loads every folder of dir that holds a platform.yaml, by name. A broken one does not hide the others. The
// error is that dir itself cannot be read.
func LoadDir(dir fs.FS) ([]Loaded, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, fmt.Errorf("load definitions: %w", err)
	}
	var all []Loaded
	for _, e := range entries {
		if _, err := fs.Stat(dir, path.Join(e.Name(), File)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		one := Loaded{Folder: e.Name()}
		folder, err := fs.Sub(dir, e.Name())
		if one.Err = err; err == nil {
			one.Definition, one.Err = Load(folder)
		}
		all = append(all, one)
	}
	return all, nil
}

// Parse is Load for files that are in memory already, by their names.
func Parse(files map[string]string) (*Definition, error) {
	size := 0
	for _, src := range files {
		size += len(src)
	}
	if size > filesMost {
		return nil, Problems{{Text: fmt.Sprintf("the files hold more than %d bytes", filesMost)}}
	}
	d := &Definition{Functions: make(map[string]string), Digest: DigestOf(files), files: maps.Clone(files)}
	for name, src := range files {
		if function, ok := strings.CutSuffix(name, ".js"); ok {
			d.Functions[function] = src
		}
	}
	lines, problems := decode([]byte(files[File]), d)
	protos, more := compileProtos(files)
	problems = append(problems, more...)
	problems = append(problems, validate(d, lines, protos, problems)...)
	if len(problems) > 0 {
		return nil, problems.sorted()
	}
	d.signs = signsIn(reflect.ValueOf(d))
	return d, nil
}

// Pack returns all files of the definition in one piece, to travel; Unpack reads it again.
func (d *Definition) Pack() ([]byte, error) { return json.Marshal(d.files) }

// Unpack reads what Pack made, and proves it like Load.
func Unpack(packed []byte) (*Definition, error) {
	var files map[string]string
	if err := json.Unmarshal(packed, &files); err != nil {
		return nil, fmt.Errorf("unpack definition: %w", err)
	}
	return Parse(files)
}

// DigestOf names files by their content: it is the digest of the definition that they make up, if they make up one.
func DigestOf(files map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s\x00%d\x00%s\x00", name, len(files[name]), files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Problem is one fault of a definition.
type Problem struct {
	File string // empty: platform.yaml
	Line int    // in that file; 0 = of the whole
	Path string // reply.comment[3].click
	Text string // what is wrong and what to do
}

// String is the problem on one line.
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d: ", cmp.Or(p.File, File), p.Line)
	if p.Path != "" {
		s += p.Path + ": "
	}
	return s + p.Text
}

// Problems are all faults of a definition, by file and line.
type Problems []Problem

// Error lists every problem on a line of its own.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// sorted orders the problems by file and line, and leaves out what an alias repeats.
func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return slices.CompactFunc(p, func(a, b Problem) bool { return a.File == b.File && a.Line == b.Line && a.Text == b.Text })
}
