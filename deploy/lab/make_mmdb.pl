#!/usr/bin/perl
# Writes the country and network database of the lab: rows of "PREFIX COUNTRY ASN ORGANISATION" on
# standard input, the file's name as the argument. Keys are those of GeoLite2-Country and
# GeoLite2-ASN, in one file.
use strict;
use warnings;
use MaxMind::DB::Writer::Tree;

my %types = (
    country                        => 'map',
    iso_code                       => 'utf8_string',
    autonomous_system_number       => 'uint32',
    autonomous_system_organization => 'utf8_string',
);
my $tree = MaxMind::DB::Writer::Tree->new(
    ip_version            => 6,
    record_size           => 24,
    database_type         => 'Sightline-Lab-Country-ASN',
    languages             => ['en'],
    description           => { en => 'Prefixes of the Sightline lab' },
    map_key_type_callback => sub { $types{ $_[0] } },
    alias_ipv6_to_ipv4       => 1,
    remove_reserved_networks => 0,
);
while ( my $line = <STDIN> ) {
    chomp $line;
    my ( $prefix, $country, $asn, $organisation ) = split / /, $line, 4;
    $tree->insert_network(
        $prefix,
        {
            country                        => { iso_code => $country },
            autonomous_system_number       => $asn,
            autonomous_system_organization => $organisation,
        }
    );
}
my $name = $ARGV[0] or die "usage: make_mmdb.pl FILE < ROWS\n";
open my $out, '>:raw', $name or die "cannot write $name: $!\n";
$tree->write_tree($out);
close $out or die "cannot write $name: $!\n";
