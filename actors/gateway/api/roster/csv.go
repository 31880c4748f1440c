package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// columns are the names that a column may have, in lower case and without spaces and underscores.
var columns = map[string]string{
	"platform": "platform", "平台": "platform",
	"name": "name", "accountname": "name", "名称": "name", "名字": "name", "账号名称": "name", "账户名称": "name", "帐号名称": "name", "昵称": "name",
	"proxy": "proxy", "代理": "proxy", "代理名称": "proxy", "代理地址": "proxy",
	"tags": "tags", "tag": "tags", "标签": "tags", "分组": "tags",
	"id": "id", "account": "id", "账号": "id", "账号id": "id", "账户id": "id", "帐号id": "id", "编号": "id",
}

// ErrEncoding means that the file is not UTF-8.
var ErrEncoding = errors.New("the file is not UTF-8: save it as \"CSV UTF-8\"")

// ReadCSV reads a list with a header. A byte order mark, quoted cells, and semicolons or tabs in the place of commas are taken as
// they come; an unknown column is an error, because it would be a misspelt one.
func ReadCSV(text []byte) ([]Row, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return nil, ErrEncoding
	}
	lines := csv.NewReader(bytes.NewReader(text))
	lines.Comma, lines.FieldsPerRecord, lines.TrimLeadingSpace = separator(text), -1, true
	header, err := lines.Read()
	if err != nil {
		return nil, errors.New("the file is empty: its first line names the columns: platform,name,proxy,tags")
	}
	names, err := columnNames(header)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read CSV: %w", err)
		}
		line, _ := lines.FieldPos(0)
		if row, blank := readCells(names, cells); !blank {
			row.Place = fmt.Sprintf("line %d", line)
			rows = append(rows, row)
		}
	}
}

// separator is what the header's cells are separated by.
func separator(text []byte) rune {
	header, _, _ := bytes.Cut(text, []byte("\n"))
	for _, other := range []rune{'\t', ';'} {
		if !bytes.ContainsRune(header, ',') && bytes.ContainsRune(header, other) {
			return other
		}
	}
	return ','
}

func columnNames(header []string) ([]string, error) {
	names, seen := make([]string, len(header)), map[string]bool{}
	for i, cell := range header {
		plain := strings.NewReplacer(" ", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(cell)))
		name, known := columns[plain]
		switch {
		case !known && plain != "":
			return nil, fmt.Errorf("unknown column %q; known are platform, name, proxy, tags and id, or 平台, 名称, 代理, 标签 and 账号", cell)
		case seen[name] && plain != "":
			return nil, fmt.Errorf("the column %q stands there twice", cell)
		}
		names[i], seen[name] = name, true
	}
	if !seen["name"] {
		return nil, errors.New("the column name (名称) is missing")
	}
	return names, nil
}

func readCells(names, cells []string) (row Row, blank bool) {
	blank = true
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if cell == "" {
			continue
		}
		blank = false
		if i >= len(names) {
			row.Problem = "the line has more cells than the header"
			break
		}
		switch names[i] {
		case "platform":
			row.Platform = cell
		case "name":
			row.Name = cell
		case "proxy":
			row.setProxy(cell)
		case "tags":
			row.Tags = splitTags(cell)
		case "id":
			row.ID = cell
		}
	}
	return row, blank
}
