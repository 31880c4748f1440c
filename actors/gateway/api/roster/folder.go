package roster

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// The files of a Node worker's data folder that are read, by how their names end. Its worker keeps the first; its documents
// describe the second.
const (
	stateEnd       = "_state.json"
	storageEnd     = "_storage.json"
	fingerprintEnd = "_fingerprint.json"

	accountsFile    = "accounts.json"
	accountsCSVFile = "accounts.csv"
	proxiesFile     = "proxies.json"
)

// Wanted says whether a file of a folder is read, so that who sends a folder leaves its browsers' profiles at home.
func Wanted(name string) bool {
	base := path.Base(name)
	if slices.Contains([]string{accountsFile, accountsCSVFile, proxiesFile}, base) {
		return true
	}
	return strings.HasSuffix(base, stateEnd) || strings.HasSuffix(base, storageEnd) || strings.HasSuffix(base, fingerprintEnd)
}

// ReadFolder makes a row of each account of a Node worker's data folder, by id. files are its files by their paths; those that are not
// Wanted are passed over. The folder itself knows neither platform nor name: accounts.json and proxies.json are what the worker's
// master answered for /api/v1/accounts and /api/v1/proxies; accounts.csv is a list as ReadCSV reads it, with the column id.
func ReadFolder(files map[string][]byte) ([]Row, error) {
	rows := map[string]*Row{}
	at := func(id string) *Row {
		if rows[id] == nil {
			rows[id] = &Row{ID: id}
		}
		return rows[id]
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		base := path.Base(name)
		if id, ok := cutEnd(base, stateEnd, storageEnd); ok {
			row := at(id)
			if row.State != nil {
				row.Notes = append(row.Notes, row.Place+" is older than "+name+", or its copy: only the latter is used")
			}
			row.State, row.Place = files[name], name
		}
		if id, ok := cutEnd(base, fingerprintEnd); ok {
			row := at(id)
			row.Notes = append(row.Notes, "the fingerprint is not taken over: the account's Chromium shows this machine as it is")
			if row.Place == "" {
				row.Place = name
			}
		}
	}
	if err := describe(files, at); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("no account found: the folder holds no *_state.json, storage-states/*_storage.json, accounts.json or accounts.csv")
	}
	list := make([]Row, 0, len(rows))
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		row := rows[id]
		if row.Name == "" {
			row.Name = id
		}
		list = append(list, *row)
	}
	return list, nil
}

func cutEnd(base string, ends ...string) (id string, ok bool) {
	for _, end := range ends {
		if id, ok := strings.CutSuffix(base, end); ok && id != "" {
			return id, true
		}
	}
	return "", false
}

// describe adds what the lists beside the folders know.
func describe(files map[string][]byte, at func(id string) *Row) error {
	proxies := map[string]nodeProxy{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Base(name) == proxiesFile {
			list, err := readList[nodeProxy](files[name])
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			for _, p := range list {
				proxies[p.ID] = p
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch path.Base(name) {
		case accountsFile:
			list, err := readList[nodeAccount](files[name])
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			for _, a := range list {
				a.describe(at(a.ID), name, proxies)
			}
		case accountsCSVFile:
			list, err := ReadCSV(files[name])
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			for _, from := range list {
				if from.ID == "" {
					return fmt.Errorf("read %s: %s has no id: the folder's accounts are known by it", name, from.Place)
				}
				row := at(from.ID)
				row.Platform, row.Name, row.Proxy, row.Upstream, row.Tags, row.Problem = from.Platform, from.Name, from.Proxy, from.Upstream, from.Tags, from.Problem
				if row.Place == "" {
					row.Place = name + ", " + from.Place
				}
			}
		}
	}
	return nil
}

// nodeAccount is an account as the worker's master lists it.
type nodeAccount struct {
	ID       string `json:"id"`
	Platform string `json:"platform"`
	Name     string `json:"account_name"`
	ProxyID  string `json:"proxy_id"`
}

// nodeProxy is a proxy as the worker's master lists it.
type nodeProxy struct {
	ID       string `json:"id"`
	Server   string `json:"server"`
	Protocol string `json:"protocol"`
	Username string `json:"username"`
	Password string `json:"password"`
}

// readList reads a list, or one within "data".
func readList[T any](file []byte) ([]T, error) {
	var list []T
	if json.Unmarshal(file, &list) == nil {
		return list, nil
	}
	var enveloped struct {
		Data []T `json:"data"`
	}
	if json.Unmarshal(file, &enveloped) != nil || enveloped.Data == nil { // its error could quote a secret
		return nil, errors.New("neither a list in JSON nor an object with a list \"data\"")
	}
	return enveloped.Data, nil
}

func (a nodeAccount) describe(row *Row, file string, proxies map[string]nodeProxy) {
	row.Platform, row.Name = a.Platform, a.Name
	if row.Place == "" {
		row.Place = file
	}
	if a.ProxyID == "" {
		return
	}
	p, ok := proxies[a.ProxyID]
	if !ok {
		row.Problem = fmt.Sprintf("its proxy %q is not in %s", a.ProxyID, proxiesFile)
		return
	}
	row.setProxy(p.Protocol + "://" + p.Server)
	if row.Upstream != nil {
		row.Upstream.Username, row.Upstream.Password = p.Username, p.Password
	}
}
