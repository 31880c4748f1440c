package roster

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestCSVIsReadAsSpreadsheetsWriteIt(t *testing.T) {
	want := []Row{
		{Place: "line 2", Platform: "douyin", Name: "小店, 一号", Proxy: "office", Tags: []string{"老号", "华东"}},
		{Place: "line 4", ID: "cafe", Platform: "抖音", Name: "two\nlines", Upstream: &Proxy{"socks5", "10.0.0.7", 1080, "u", "p:w"}},
	}
	for name, text := range map[string]string{
		"byte order mark and quotes":  "\xef\xbb\xbfplatform,name,proxy,tags,id\r\ndouyin,\"小店, 一号\",office,老号；华东,\r\n,,,,\r\n抖音,\"two\nlines\",socks5://u:p%3Aw@10.0.0.7:1080,,cafe\r\n",
		"chinese header, other order": "账号,名称,平台,标签,代理\n,\"小店, 一号\",douyin,老号|华东,office\n\"\",,,,\ncafe,\"two\nlines\",抖音,,socks5://u:p%3Aw@10.0.0.7:1080\n",
		"semicolons":                  "Platform;Name;Proxy;Tags;ID\ndouyin;小店, 一号;office;老号、华东;\n;;;;\n抖音;\"two\nlines\";socks5://u:p%3Aw@10.0.0.7:1080;;cafe\n",
	} {
		rows, err := ReadCSV([]byte(text))
		if err != nil || !reflect.DeepEqual(rows, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, rows, want)
		}
	}
}

func TestCSVThatCannotBeReadSaysWhy(t *testing.T) {
	for text, says := range map[string]string{
		"":                        "empty",
		"platform,nam\n":          `"nam"`,
		"platform,proxy\n":        "name",
		"name,名称\n":               "twice",
		"name\n\"a\nb":            "CSV",
		"\xc3\xfb\xb3\xc6\nabc\n": "UTF-8",
	} {
		if _, err := ReadCSV([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ReadCSV([]byte("\xff")); !errors.Is(err, ErrEncoding) {
		t.Error(err)
	}
	rows, err := ReadCSV([]byte("name,proxy\na,ftp://secret:word@h:1\nb,,c\n"))
	if err != nil || len(rows) != 2 || rows[0].Problem == "" || rows[1].Problem == "" {
		t.Fatalf("%v %+v", err, rows)
	}
	if strings.Contains(rows[0].Problem, "word") {
		t.Error("a problem quotes the proxy's password")
	}
}

func TestNodeWorkersFolderGivesOneRowForEachAccount(t *testing.T) {
	files := map[string][]byte{
		"worker-1/acc-1_state.json":                    []byte(`{"cookies":[]}`),
		"worker-1/storage-states/acc-2_storage.json":   []byte(`{"origins":[]}`),
		"worker-1/storage-states/acc-1_storage.json":   []byte(`{"cookies":[1]}`),
		"worker-1/fingerprints/acc-1_fingerprint.json": []byte(`{}`),
		"worker-1/fingerprints/acc-3_fingerprint.json": []byte(`{}`),
		"worker-1/browser_acc-1/Default/Preferences":   []byte(`{}`),
		"accounts.json": []byte(`{"success":true,"data":[{"id":"acc-1","platform":"douyin","account_name":"小店","proxy_id":"p1"},{"id":"acc-2","platform":"douyin","account_name":"Café","proxy_id":"p9"}]}`),
		"proxies.json":  []byte(`[{"id":"p1","server":"10.0.0.7:8080","protocol":"http","username":"u","password":"secret"}]`),
		"worker-1/screenshots/acc-1_fingerprint.json.html": []byte(`x`),
	}
	rows, err := ReadFolder(files)
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v %+v", err, rows)
	}
	one, two, three := rows[0], rows[1], rows[2]
	if one.ID != "acc-1" || one.Name != "小店" || one.Upstream == nil || one.Upstream.Password != "secret" || string(one.State) != `{"cookies":[1]}` || len(one.Notes) != 2 {
		t.Errorf("%+v", one)
	}
	if two.Name != "Café" || two.Problem == "" || two.State == nil {
		t.Errorf("%+v", two)
	}
	if three.ID != "acc-3" || three.Name != "acc-3" || three.State != nil || three.Place == "" {
		t.Errorf("%+v", three)
	}
	if _, err := ReadFolder(map[string][]byte{"a.txt": nil}); err == nil {
		t.Error("a folder without accounts is taken")
	}
}
