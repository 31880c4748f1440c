package recording

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	indexFile  = "index.json"
	resultFile = "result.json"
	fileMost   = 16 << 20 // bytes of any one file that Load reads
)

// Files are the recording as a folder: contents by slash-separated name. They are the same each time.
func (r *Recording) Files() (map[string][]byte, error) {
	index, files, shared := *r, map[string][]byte{}, map[[32]byte]string{}
	index.Format = Format
	index.Entries = append([]Entry(nil), r.Entries...)
	index.Pages = append([]Page(nil), r.Pages...)
	put := func(name string, content []byte) string {
		sum := sha256.Sum256(append([]byte(path.Dir(name)+path.Ext(name)+"\x00"), content...))
		if other, ok := shared[sum]; ok {
			return other
		}
		shared[sum], files[name] = name, content
		return name
	}
	for i := range index.Entries {
		e := &index.Entries[i]
		if e.PostFile = ""; e.Post != nil {
			post, extension := fileOf(e.Post, "", false)
			e.PostFile = put(fmt.Sprintf("posts/%03d%s", i+1, extension), post)
		}
		if e.BodyFile = ""; e.Body != nil {
			body, extension := fileOf(e.Body, e.Type, e.Text)
			name := fmt.Sprintf("bodies/%03d-%s%s", i+1, slug(e.URL), extension)
			if e.Kind == Frame || e.Kind == Sent {
				name = fmt.Sprintf("frames/%03d%s", i+1, extension)
			}
			e.BodyFile = put(name, body)
		}
	}
	for i := range index.Pages {
		p := &index.Pages[i]
		if p.DOMFile = ""; p.DOM != "" {
			p.DOMFile = put("pages/"+slug(p.Tab)+".html", []byte(p.DOM))
		}
		if p.PictureFile = ""; p.Picture != nil {
			p.PictureFile = put("pages/"+slug(p.Tab)+".png", p.Picture)
		}
	}
	var err error
	if files[indexFile], err = marshal(&index); err != nil {
		return nil, fmt.Errorf("write %s: %w", indexFile, err)
	}
	if files[resultFile], err = r.Result.file(); err != nil {
		return nil, fmt.Errorf("write %s: %w", resultFile, err)
	}
	return files, nil
}

// Save writes the recording into the folder dir, made if missing. Files are readable by their owner only.
func (r *Recording) Save(dir string) error {
	files, err := r.Files()
	if err != nil {
		return err
	}
	for name, content := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return fmt.Errorf("write recording: %w", err)
		}
		if err := os.WriteFile(to, content, 0o600); err != nil {
			return fmt.Errorf("write recording: %w", err)
		}
	}
	return nil
}

// Archive is the recording's folder as one zip file.
func (r *Recording) Archive() ([]byte, error) {
	files, err := r.Files()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err != nil {
			return nil, fmt.Errorf("pack recording: %w", err)
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, fmt.Errorf("pack recording: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack recording: %w", err)
	}
	return b.Bytes(), nil
}

// marshal is v as a file: indented, and addresses as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// fileOf is a body as it stands in its file, and the file's extension.
func fileOf(body []byte, mediaType string, text bool) (content []byte, extension string) {
	if _, ok := parseCompound(string(body)); ok {
		return indented(body), ".json"
	}
	switch {
	case strings.Contains(mediaType, "html"):
		return body, ".html"
	case strings.Contains(mediaType, "javascript"):
		return body, ".js"
	case strings.Contains(mediaType, "css"):
		return body, ".css"
	case text || strings.HasPrefix(mediaType, "text/"):
		return body, ".txt"
	}
	return body, ".bin"
}

var notSlug = regexp.MustCompile(`[^a-z0-9_]+`)

// slug is the last part of an address, for a file's name.
func slug(address string) string {
	if u, err := url.Parse(address); err == nil {
		address = u.Path
	}
	name := strings.TrimSuffix(path.Base(address), path.Ext(address))
	if name = strings.Trim(notSlug.ReplaceAllString(strings.ToLower(name), "-"), "-"); name == "" {
		return "root"
	}
	return name[:min(len(name), 40)]
}

// Load reads a recording's folder.
func Load(folder fs.FS) (*Recording, error) {
	r := &Recording{}
	for name, into := range map[string]any{indexFile: r, resultFile: &r.Result} {
		content, err := readFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read recording: %w", err)
		}
		if err := json.Unmarshal(content, into); err != nil {
			return nil, fmt.Errorf("read recording: %s: %w", name, err)
		}
	}
	if r.Format != Format {
		return nil, fmt.Errorf("read recording: its format is %d, not %d", r.Format, Format)
	}
	var errs []error
	content := func(name string) []byte {
		if name == "" {
			return nil
		}
		b, err := readFile(folder, name)
		errs = append(errs, err)
		return b
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		e.Post, e.Body = content(e.PostFile), content(e.BodyFile)
	}
	for i := range r.Pages {
		p := &r.Pages[i]
		p.DOM, p.Picture = string(content(p.DOMFile)), content(p.PictureFile)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	return r, nil
}

// readFile reads a file that is no larger than one of ours can be; an empty one is not nil.
func readFile(folder fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(folder, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > fileMost {
		return nil, fmt.Errorf("%s has more than %d bytes", name, fileMost)
	}
	content, err := fs.ReadFile(folder, name)
	return append([]byte{}, content...), err
}
