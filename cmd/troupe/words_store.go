package main

// The longer texts about backups.
const (
	storeText = "The store holds everything that the cluster knows: accounts, items, replies, users, and logins, sealed. A backup is made while\n" +
		"the node runs; it is restored while none does. The keys that open its logins are not in it."
	backupText = "FILE must not exist yet; in a folder that exists, the backup is named by the time. With --unpacked DIR is a new folder. The copy\n" +
		"is of one instant and begins at once; collecting goes on. Every file is checked as it arrives, and nothing gets its name before\n" +
		"it is whole and on disk.\n\n" +
		"Not in it: the files \"keys\" and \"cluster\" of the node's data folder, without which no login opens. Keep them elsewhere."
	restoreText = "The backup is unpacked beside the store and every checksum compared before anything is touched. The store that is there is only\n" +
		"moved aside, with --replace. Run it as the user that runs the node.\n\n" +
		"What happened after the backup is not known any more: accounts wait about two minutes for nobody else to run them, then look at\n" +
		"their pages again, so that newer items come back. Replies that were open are looked for on the page and never sent by\n" +
		"themselves."
)

// chineseOfStore holds the Chinese of what belongs to backups.
var chineseOfStore = map[string]string{
	storeText: "存储里是集群知道的一切：账号、内容、回复、用户，以及加密的登录。备份在节点运行时做，恢复在节点停止时做。\n" +
		"备份里没有解开登录的密钥。",
	backupText: "FILE 必须还不存在；给一个已有的目录时，备份按时间命名。加 --unpacked 时 DIR 是一个新目录。\n" +
		"备份是某一瞬间的完整副本，立即开始，采集不停。每个文件到达时都会校验，完整落盘之前不会得到正式名字。\n\n" +
		"不包含：节点数据目录里的 \"keys\" 和 \"cluster\"，没有它们任何登录都打不开。请另外保存。",
	restoreText: "先在旁边解开备份并比对每个校验和，之后才动原来的存储。已有的存储只会在加 --replace 时移到一边。请用运行节点的用户执行。\n\n" +
		"备份之后发生的事已不可知：账号先等约两分钟，确保没有别处还在运行，然后重新查看页面，较新的内容会再次采集。\n" +
		"当时未完成的回复只在页面上查找，绝不会自动重发。",
	"address and port of /healthz, /readyz and /metrics on a node without a gateway; if given, also beside one; empty for none": "没有网关的节点提供 /healthz、/readyz、/metrics 的地址和端口；写明时有网关的节点也提供；空为不提供",
	"networks that may read /metrics without a token, beside this machine, such as 10.0.0.5/32":                                 "除本机外，可不带令牌读取 /metrics 的网络，如 10.0.0.5/32",
	"Back up and restore the store":                                           "备份和恢复存储",
	"Copy the store while the node runs":                                      "在节点运行时复制存储",
	"Put a backup into the place of the store; no node may run in the folder": "用备份替换存储；该目录里不能有节点在运行",
	"make a folder with the same content instead of one file":                 "不做单个文件，而是做内容相同的目录",
	"copying the store ...":                                                   "正在复制存储 ...",
	"copying: %d %% of %s":                                                    "正在复制：%d %% / %s",
	"unpacking: %d %% of %s":                                                  "正在解开：%d %% / %s",
	"unpacking and checking the backup ...":                                   "正在解开并校验备份 ...",
	"%s exists already; a backup overwrites nothing: choose another name":     "%s 已存在；备份不覆盖任何文件：请换一个名字",
	"taken at":                               "备份时间",
	"node":                                   "节点",
	"cluster":                                "集群",
	"items":                                  "内容",
	"size":                                   "大小",
	"backup in %s, every file of it checked": "备份已保存到 %s，每个文件都已校验",
	"it holds no keys: keep the node's files \"keys\" and \"cluster\" elsewhere, without them no login opens": "备份里没有密钥：请另外保存节点的 \"keys\" 和 \"cluster\"，没有它们任何登录都打不开",
	"WORKER_ID=%q: 1 to 64 letters, digits, _ and -":                                                          "WORKER_ID=%q：1 到 64 个字母、数字、_ 和 -",
	"the node whose store it is; its data lie in DATA_DIR/WORKER_ID":                                          "存储所属的节点；数据在 DATA_DIR/WORKER_ID",
	"move the store that is there aside first":                                                                "先把已有的存储移到一边",
	"%s has a store already: --replace moves it aside":                                                        "%s 里已有存储：--replace 会把它移到一边",
	"restored into %s": "已恢复到 %s",
	"the store of before is in %s: remove it when all is well":                                                                                                "原来的存储在 %s：确认一切正常后可删除",
	"warning: there is no key ring here: bring the file \"keys\" back before the node starts, or no login opens":                                              "警告：这里没有密钥环：启动节点之前请放回文件 \"keys\"，否则任何登录都打不开",
	"warning: the backup is of cluster %s, this folder belongs to cluster %s: bring the files \"keys\" and \"cluster\" of the former back, or no login opens": "警告：备份属于集群 %s，这个目录属于集群 %s：请放回前者的 \"keys\" 和 \"cluster\"，否则任何登录都打不开",
	"next: start the node; accounts wait about two minutes there, until nobody can run them any more":                                                         "下一步：启动节点；账号会先等约两分钟，直到别处不可能再运行它们",
}
