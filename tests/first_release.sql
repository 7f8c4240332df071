-- A database as the first release left it, killed in the middle of two downloads of its demo.
BEGIN TRANSACTION;
CREATE TABLE episodes (
        series text not null references series on delete cascade,
        season integer not null,
        number numeric not null,         -- 6.5 is a special of its own
        title text not null default '',
        ref text not null default '',
        size integer,
        aired text,
        primary key (series, season, number)
    ) without rowid;
INSERT INTO "episodes" VALUES('aniworld_123',1,1,'Picture 1','123/1',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,2,'Picture 2','123/2',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,3,'Picture 3','123/3',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,4,'Picture 4','123/4',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,5,'Picture 5','123/5',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,6,'Picture 6','123/6',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,7,'Picture 7','123/7',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,8,'Picture 8','123/8',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,9,'Picture 9','123/9',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,10,'Picture 10','123/10',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,11,'Picture 11','123/11',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,12,'Picture 12','123/12',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,13,'Picture 13','123/13',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,14,'Picture 14','123/14',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,15,'Picture 15','123/15',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,16,'Picture 16','123/16',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,17,'Picture 17','123/17',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,18,'Picture 18','123/18',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,19,'Picture 19','123/19',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,20,'Picture 20','123/20',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,21,'Picture 21','123/21',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,22,'Picture 22','123/22',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,23,'Picture 23','123/23',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,24,'Picture 24','123/24',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,25,'Picture 25','123/25',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,26,'Picture 26','123/26',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,27,'Picture 27','123/27',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,28,'Picture 28','123/28',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,29,'Picture 29','123/29',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,30,'Picture 30','123/30',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,31,'Picture 31','123/31',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,32,'Picture 32','123/32',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,33,'Picture 33','123/33',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,34,'Picture 34','123/34',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,35,'Picture 35','123/35',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,36,'Picture 36','123/36',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,37,'Picture 37','123/37',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,38,'Picture 38','123/38',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,39,'Picture 39','123/39',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,40,'Picture 40','123/40',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,41,'Picture 41','123/41',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,42,'Picture 42','123/42',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,43,'Picture 43','123/43',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,44,'Picture 44','123/44',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,45,'Picture 45','123/45',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,46,'Picture 46','123/46',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,47,'Picture 47','123/47',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,48,'Picture 48','123/48',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,49,'Picture 49','123/49',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,50,'Picture 50','123/50',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,51,'Picture 51','123/51',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,52,'Picture 52','123/52',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,53,'Picture 53','123/53',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,54,'Picture 54','123/54',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,55,'Picture 55','123/55',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,56,'Picture 56','123/56',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,57,'Picture 57','123/57',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,58,'Picture 58','123/58',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,59,'Picture 59','123/59',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,60,'Picture 60','123/60',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,61,'Picture 61','123/61',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,62,'Picture 62','123/62',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,63,'Picture 63','123/63',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,64,'Picture 64','123/64',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,65,'Picture 65','123/65',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,66,'Picture 66','123/66',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,67,'Picture 67','123/67',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,68,'Picture 68','123/68',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,69,'Picture 69','123/69',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,70,'Picture 70','123/70',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,71,'Picture 71','123/71',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,72,'Picture 72','123/72',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,73,'Picture 73','123/73',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,74,'Picture 74','123/74',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,75,'Picture 75','123/75',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,76,'Picture 76','123/76',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,77,'Picture 77','123/77',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,78,'Picture 78','123/78',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,79,'Picture 79','123/79',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,80,'Picture 80','123/80',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,81,'Picture 81','123/81',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,82,'Picture 82','123/82',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,83,'Picture 83','123/83',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,84,'Picture 84','123/84',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,85,'Picture 85','123/85',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,86,'Picture 86','123/86',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,87,'Picture 87','123/87',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,88,'Picture 88','123/88',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,89,'Picture 89','123/89',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,90,'Picture 90','123/90',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,91,'Picture 91','123/91',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,92,'Picture 92','123/92',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,93,'Picture 93','123/93',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,94,'Picture 94','123/94',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,95,'Picture 95','123/95',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,96,'Picture 96','123/96',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,97,'Picture 97','123/97',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,98,'Picture 98','123/98',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,99,'Picture 99','123/99',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_123',1,100,'Picture 100','123/100',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,1,'Picture 1','456/1',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,2,'Picture 2','456/2',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,3,'Picture 3','456/3',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,4,'Picture 4','456/4',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,5,'Picture 5','456/5',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,6,'Picture 6','456/6',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,7,'Picture 7','456/7',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,8,'Picture 8','456/8',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,9,'Picture 9','456/9',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,10,'Picture 10','456/10',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,11,'Picture 11','456/11',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,12,'Picture 12','456/12',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,13,'Picture 13','456/13',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,14,'Picture 14','456/14',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,15,'Picture 15','456/15',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,16,'Picture 16','456/16',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,17,'Picture 17','456/17',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,18,'Picture 18','456/18',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,19,'Picture 19','456/19',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,20,'Picture 20','456/20',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,21,'Picture 21','456/21',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,22,'Picture 22','456/22',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,23,'Picture 23','456/23',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,24,'Picture 24','456/24',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,25,'Picture 25','456/25',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_456',1,26,'Picture 26','456/26',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,1,'Picture 1','789/1',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,2,'Picture 2','789/2',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,3,'Picture 3','789/3',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,4,'Picture 4','789/4',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,5,'Picture 5','789/5',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,6,'Picture 6','789/6',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,7,'Picture 7','789/7',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,8,'Picture 8','789/8',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,9,'Picture 9','789/9',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,10,'Picture 10','789/10',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,11,'Picture 11','789/11',6913192,NULL);
INSERT INTO "episodes" VALUES('aniworld_789',1,12,'Picture 12','789/12',6913192,NULL);
CREATE TABLE files (
        series text not null references series on delete cascade,
        season integer not null,
        number numeric not null,
        path text not null,              -- relative to the library, as on disk
        size integer not null,
        primary key (series, season, number, path)
    ) without rowid;
INSERT INTO "files" VALUES('aniworld_123',1,1,'Attack on Titan/Season 01/Attack on Titan - S01E01.avi',6913192);
INSERT INTO "files" VALUES('aniworld_123',1,4,'Attack on Titan/Season 01/Attack on Titan - S01E04.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,5,'Attack on Titan/Season 01/Attack on Titan - S01E05.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,6,'Attack on Titan/Season 01/Attack on Titan - S01E06.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,7,'Attack on Titan/Season 01/Attack on Titan - S01E07.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,8,'Attack on Titan/Season 01/Attack on Titan - S01E08.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,9,'Attack on Titan/Season 01/Attack on Titan - S01E09.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,10,'Attack on Titan/Season 01/Attack on Titan - S01E10.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,11,'Attack on Titan/Season 01/Attack on Titan - S01E11.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,12,'Attack on Titan/Season 01/Attack on Titan - S01E12.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,13,'Attack on Titan/Season 01/Attack on Titan - S01E13.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,14,'Attack on Titan/Season 01/Attack on Titan - S01E14.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,15,'Attack on Titan/Season 01/Attack on Titan - S01E15.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,16,'Attack on Titan/Season 01/Attack on Titan - S01E16.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,17,'Attack on Titan/Season 01/Attack on Titan - S01E17.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,18,'Attack on Titan/Season 01/Attack on Titan - S01E18.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,19,'Attack on Titan/Season 01/Attack on Titan - S01E19.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,20,'Attack on Titan/Season 01/Attack on Titan - S01E20.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,21,'Attack on Titan/Season 01/Attack on Titan - S01E21.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,22,'Attack on Titan/Season 01/Attack on Titan - S01E22.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,23,'Attack on Titan/Season 01/Attack on Titan - S01E23.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,24,'Attack on Titan/Season 01/Attack on Titan - S01E24.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,25,'Attack on Titan/Season 01/Attack on Titan - S01E25.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,26,'Attack on Titan/Season 01/Attack on Titan - S01E26.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,27,'Attack on Titan/Season 01/Attack on Titan - S01E27.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,28,'Attack on Titan/Season 01/Attack on Titan - S01E28.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,29,'Attack on Titan/Season 01/Attack on Titan - S01E29.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,30,'Attack on Titan/Season 01/Attack on Titan - S01E30.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,31,'Attack on Titan/Season 01/Attack on Titan - S01E31.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,32,'Attack on Titan/Season 01/Attack on Titan - S01E32.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,33,'Attack on Titan/Season 01/Attack on Titan - S01E33.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,34,'Attack on Titan/Season 01/Attack on Titan - S01E34.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,35,'Attack on Titan/Season 01/Attack on Titan - S01E35.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,36,'Attack on Titan/Season 01/Attack on Titan - S01E36.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,37,'Attack on Titan/Season 01/Attack on Titan - S01E37.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,38,'Attack on Titan/Season 01/Attack on Titan - S01E38.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,39,'Attack on Titan/Season 01/Attack on Titan - S01E39.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,40,'Attack on Titan/Season 01/Attack on Titan - S01E40.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,41,'Attack on Titan/Season 01/Attack on Titan - S01E41.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,42,'Attack on Titan/Season 01/Attack on Titan - S01E42.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,43,'Attack on Titan/Season 01/Attack on Titan - S01E43.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,44,'Attack on Titan/Season 01/Attack on Titan - S01E44.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,45,'Attack on Titan/Season 01/Attack on Titan - S01E45.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,46,'Attack on Titan/Season 01/Attack on Titan - S01E46.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,47,'Attack on Titan/Season 01/Attack on Titan - S01E47.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,48,'Attack on Titan/Season 01/Attack on Titan - S01E48.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,49,'Attack on Titan/Season 01/Attack on Titan - S01E49.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,51,'Attack on Titan/Season 01/Attack on Titan - S01E51.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,52,'Attack on Titan/Season 01/Attack on Titan - S01E52.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,53,'Attack on Titan/Season 01/Attack on Titan - S01E53.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,54,'Attack on Titan/Season 01/Attack on Titan - S01E54.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,55,'Attack on Titan/Season 01/Attack on Titan - S01E55.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,56,'Attack on Titan/Season 01/Attack on Titan - S01E56.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,57,'Attack on Titan/Season 01/Attack on Titan - S01E57.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,58,'Attack on Titan/Season 01/Attack on Titan - S01E58.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,59,'Attack on Titan/Season 01/Attack on Titan - S01E59.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,60,'Attack on Titan/Season 01/Attack on Titan - S01E60.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,61,'Attack on Titan/Season 01/Attack on Titan - S01E61.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,62,'Attack on Titan/Season 01/Attack on Titan - S01E62.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,63,'Attack on Titan/Season 01/Attack on Titan - S01E63.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,64,'Attack on Titan/Season 01/Attack on Titan - S01E64.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,65,'Attack on Titan/Season 01/Attack on Titan - S01E65.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,66,'Attack on Titan/Season 01/Attack on Titan - S01E66.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,67,'Attack on Titan/Season 01/Attack on Titan - S01E67.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,68,'Attack on Titan/Season 01/Attack on Titan - S01E68.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,69,'Attack on Titan/Season 01/Attack on Titan - S01E69.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,70,'Attack on Titan/Season 01/Attack on Titan - S01E70.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,71,'Attack on Titan/Season 01/Attack on Titan - S01E71.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,72,'Attack on Titan/Season 01/Attack on Titan - S01E72.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,73,'Attack on Titan/Season 01/Attack on Titan - S01E73.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,74,'Attack on Titan/Season 01/Attack on Titan - S01E74.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,75,'Attack on Titan/Season 01/Attack on Titan - S01E75.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,76,'Attack on Titan/Season 01/Attack on Titan - S01E76.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,77,'Attack on Titan/Season 01/Attack on Titan - S01E77.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,78,'Attack on Titan/Season 01/Attack on Titan - S01E78.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,79,'Attack on Titan/Season 01/Attack on Titan - S01E79.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,80,'Attack on Titan/Season 01/Attack on Titan - S01E80.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,81,'Attack on Titan/Season 01/Attack on Titan - S01E81.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,82,'Attack on Titan/Season 01/Attack on Titan - S01E82.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,83,'Attack on Titan/Season 01/Attack on Titan - S01E83.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,84,'Attack on Titan/Season 01/Attack on Titan - S01E84.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,85,'Attack on Titan/Season 01/Attack on Titan - S01E85.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,86,'Attack on Titan/Season 01/Attack on Titan - S01E86.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,87,'Attack on Titan/Season 01/Attack on Titan - S01E87.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,88,'Attack on Titan/Season 01/Attack on Titan - S01E88.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,89,'Attack on Titan/Season 01/Attack on Titan - S01E89.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,90,'Attack on Titan/Season 01/Attack on Titan - S01E90.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,91,'Attack on Titan/Season 01/Attack on Titan - S01E91.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,92,'Attack on Titan/Season 01/Attack on Titan - S01E92.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,93,'Attack on Titan/Season 01/Attack on Titan - S01E93.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,94,'Attack on Titan/Season 01/Attack on Titan - S01E94.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,95,'Attack on Titan/Season 01/Attack on Titan - S01E95.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,96,'Attack on Titan/Season 01/Attack on Titan - S01E96.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,97,'Attack on Titan/Season 01/Attack on Titan - S01E97.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,98,'Attack on Titan/Season 01/Attack on Titan - S01E98.avi',173056);
INSERT INTO "files" VALUES('aniworld_123',1,99,'Attack on Titan/Season 01/Attack on Titan - S01E99.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,1,'Demon Slayer/Season 01/Demon Slayer - S01E01.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,2,'Demon Slayer/Season 01/Demon Slayer - S01E02.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,3,'Demon Slayer/Season 01/Demon Slayer - S01E03.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,4,'Demon Slayer/Season 01/Demon Slayer - S01E04.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,5,'Demon Slayer/Season 01/Demon Slayer - S01E05.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,6,'Demon Slayer/Season 01/Demon Slayer - S01E06.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,7,'Demon Slayer/Season 01/Demon Slayer - S01E07.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,8,'Demon Slayer/Season 01/Demon Slayer - S01E08.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,9,'Demon Slayer/Season 01/Demon Slayer - S01E09.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,10,'Demon Slayer/Season 01/Demon Slayer - S01E10.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,11,'Demon Slayer/Season 01/Demon Slayer - S01E11.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,12,'Demon Slayer/Season 01/Demon Slayer - S01E12.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,13,'Demon Slayer/Season 01/Demon Slayer - S01E13.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,14,'Demon Slayer/Season 01/Demon Slayer - S01E14.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,15,'Demon Slayer/Season 01/Demon Slayer - S01E15.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,16,'Demon Slayer/Season 01/Demon Slayer - S01E16.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,17,'Demon Slayer/Season 01/Demon Slayer - S01E17.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,18,'Demon Slayer/Season 01/Demon Slayer - S01E18.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,19,'Demon Slayer/Season 01/Demon Slayer - S01E19.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,20,'Demon Slayer/Season 01/Demon Slayer - S01E20.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,21,'Demon Slayer/Season 01/Demon Slayer - S01E21.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,22,'Demon Slayer/Season 01/Demon Slayer - S01E22.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,23,'Demon Slayer/Season 01/Demon Slayer - S01E23.avi',173056);
INSERT INTO "files" VALUES('aniworld_456',1,24,'Demon Slayer/Season 01/Demon Slayer - S01E24.avi',173056);
CREATE TABLE items (
        id integer primary key autoincrement,
        series text not null references series on delete cascade,
        season integer not null,
        number numeric not null,
        priority integer not null,       -- 0 high, 1 normal, 2 low: ascending is the order of work
        status text not null,            -- pending, downloading, completed, failed
        reason text not null default '',
        error_code text,
        error_message text,
        attempts integer not null default 0,
        part text,                       -- file in the download directory
        checkpoint text,                 -- which of its bytes are durable; see downloads.transfer.Checkpoint
        target text,                     -- its name in the library; set before it is put there
        total integer,
        created_at text not null,
        started_at text,
        finished_at text,
        unique (series, season, number)
    );
INSERT INTO "items" VALUES(1,'aniworld_123',1,1,1,'completed','',NULL,NULL,0,NULL,NULL,NULL,6913192,'2026-11-26T05:23:45Z','2026-11-26T05:23:55Z','2026-11-26T05:24:02Z');
INSERT INTO "items" VALUES(2,'aniworld_123',1,2,1,'downloading','',NULL,NULL,0,'Attack on Titan - S01E02.avi.queue_2.part','{"url":"http://127.0.0.1:35911/123/2","etag":"\"demo-/123/2-6913192\"","modified":null,"total":6913192,"spans":[[0,1382688]]}',NULL,6913192,'2026-11-26T05:24:01Z','2026-11-26T05:24:01Z',NULL);
INSERT INTO "items" VALUES(3,'aniworld_123',1,3,1,'downloading','',NULL,NULL,0,'Attack on Titan - S01E03.avi.queue_3.part','{"url":"http://127.0.0.1:35911/123/3","etag":"\"demo-/123/3-6913192\"","modified":null,"total":6913192,"spans":[[0,1382688]]}',NULL,6913192,'2026-11-26T05:24:01Z','2026-11-26T05:24:02Z',NULL);
INSERT INTO "items" VALUES(4,'aniworld_123',1,50,1,'pending','',NULL,NULL,0,NULL,NULL,NULL,NULL,'2026-11-26T05:24:01Z',NULL,NULL);
INSERT INTO "items" VALUES(5,'aniworld_123',1,100,1,'pending','',NULL,NULL,0,NULL,NULL,NULL,NULL,'2026-11-26T05:24:01Z',NULL,NULL);
INSERT INTO "items" VALUES(6,'aniworld_789',1,1,1,'pending','',NULL,NULL,0,NULL,NULL,NULL,NULL,'2026-11-26T05:24:01Z',NULL,NULL);
INSERT INTO "items" VALUES(7,'aniworld_789',1,2,1,'pending','',NULL,NULL,0,NULL,NULL,NULL,NULL,'2026-11-26T05:24:01Z',NULL,NULL);
INSERT INTO "items" VALUES(8,'aniworld_789',1,3,1,'pending','',NULL,NULL,0,NULL,NULL,NULL,NULL,'2026-11-26T05:24:01Z',NULL,NULL);
CREATE TABLE keys (
        provider text not null,
        name text not null,
        key text not null,
        primary key (provider, name),
        unique (provider, key)
    ) without rowid;
CREATE TABLE meta (key text primary key, value text not null) without rowid;
INSERT INTO "meta" VALUES('queue_state','running');
CREATE TABLE revoked (sequence integer primary key autoincrement, jti text not null unique);
INSERT INTO "revoked" VALUES(1,'KI8csn0MVQCGDPXpgSkX4w');
CREATE TABLE series (
        id text primary key,             -- <provider>_<key>, or local_<slug>; never changes once shown
        provider text not null,
        key text not null,
        title text not null,
        description text not null default '',
        site text not null default '',
        folder text unique,              -- its folder in the library, relative, as on disk; null: none yet
        listed integer not null default 0,    -- 1: it has a library folder or a queued episode
        fold text not null,              -- the title as titles.fold sees it
        total integer not null default 0,     -- these three are derived: series.recount
        downloaded integer not null default 0,
        missing integer not null default 0,
        next_air text,                   -- the day on which the counts change by themselves
        updated_at text not null,
        unique (provider, key)
    );
INSERT INTO "series" VALUES('aniworld_123','aniworld','123','Attack on Titan','Humanity lives behind walls, and something is knocking.','','Attack on Titan',1,'attackontitan',100,96,4,NULL,'2026-11-26T05:24:02Z');
INSERT INTO "series" VALUES('aniworld_456','aniworld','456','Demon Slayer','A boy sells charcoal until the night everything changes.','','Demon Slayer',1,'demonslayer',26,24,2,NULL,'2026-11-26T05:23:41Z');
INSERT INTO "series" VALUES('aniworld_789','aniworld','789','Search Result 1','What every search of this demo finds.','',NULL,1,'searchresult1',12,0,12,NULL,'2026-11-26T05:24:01Z');
CREATE INDEX series_by_title on series (title collate nocase, id) where listed;
CREATE INDEX series_by_update on series (updated_at, id) where listed;
CREATE INDEX series_by_fold on series (fold);
CREATE INDEX items_pending on items (priority, id) where status = 'pending';
CREATE INDEX items_by_status on items (status, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('revoked',1);
INSERT INTO "sqlite_sequence" VALUES('items',8);
COMMIT;
pragma user_version = 1;
